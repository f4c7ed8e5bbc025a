import * as z from "zod";
import { commonErrors, contract, type MethodContract } from "../client/contract.ts";
import { type ApiErrorCode, apiRefusal, rpcCodeOf } from "../client/errors.ts";
import { capitalized, type Schema, toSchema } from "./schemas.ts";

/** `rpc.discover` is OpenRPC's own name. Its dot is more than generators of clients take, so it may be left out. */
const listed: readonly (readonly [string, MethodContract])[] = Object.entries(contract).filter(
  ([name]) => name !== "rpc.discover",
);

/** The API as an OpenRPC document (https://spec.open-rpc.org), made from the contract. */
export function describeApi(version: string) {
  const schemas: Record<string, Schema> = {};
  const methods = listed.map(([name, method]) => describeMethod(name, method, schemas));
  return {
    openrpc: "1.2.6", // the newest for which the clients of @open-rpc/generator have a type
    info: {
      title: "timestampvm",
      version,
      description:
        "Stamps are evidence that data existed before a block was made; the time of a block is its proposer's claim. " +
        "Parameters come by name, {…} or [{…}], or by position in the order that is given here, where null stands " +
        "for one that is left out. Each method answers to its name and to timestampvm.NAME. Integers are exact: some " +
        "need more than the 53 bits of a double.",
      license: { name: "BSD-3-Clause" },
    },
    methods,
    components: { schemas, errors: describeErrors(schemas) },
  };
}

function describeMethod(name: string, method: MethodContract, schemas: Record<string, Schema>) {
  const { summary, params, oneOf, result, errors } = method;
  const title = capitalized(name);
  const { properties = {}, required = [] } = toSchema(params, title, "input", schemas);
  return {
    name,
    summary,
    ...(oneOf && { description: `Takes exactly one of ${oneOf.join(" and ")}.`, "x-exactly-one-of": oneOf }),
    // {} is refused where timestampvm-rs takes no parameters at all.
    paramStructure: params instanceof z.ZodUndefined ? "by-position" : "either",
    params: Object.entries(properties).map(([member, schema]) => ({
      name: member,
      required: required.includes(member),
      schema,
    })),
    result: { name: "result", schema: toSchema(result, `${title}Result`, "output", schemas) },
    errors: [...errors, ...commonErrors].map((code) => ({ $ref: `#/components/errors/${errorName(code, name)}` })),
  };
}

/** Each error of a method by its name; `data` is the schema of `error.data`. */
function describeErrors(schemas: Record<string, Schema>) {
  const named = new Map(
    listed.flatMap(([method, { errors }]) =>
      [...errors, ...commonErrors].map((code) => [errorName(code, method), [code, rpcCodeOf(code, method)]] as const),
    ),
  );
  const describe = ([name, [code, number]]: readonly [string, readonly [ApiErrorCode, number]]) => {
    const refusal = apiRefusal.options.find(({ shape }) => shape.code.value === code) ?? apiRefusal;
    const { description, ...data } = toSchema(refusal, `${name}Data`, "output", schemas);
    return [name, { code: number, message: description, data }] as const;
  };
  return Object.fromEntries([...named].map(describe));
}

/** "unknown block" as "UnknownBlock"; as "ClassicUnknownBlock" where it has the number that timestampvm-rs gives it. */
function errorName(code: ApiErrorCode, method: string): string {
  const isClassic = rpcCodeOf(code, method) !== rpcCodeOf(code, "");
  return `${isClassic ? "Classic" : ""}${capitalized(code)}`;
}

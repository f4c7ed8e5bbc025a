import * as z from "zod";
import { commonErrors, contract, type MethodContract } from "../client/contract.ts";
import { type ApiErrorCode, apiRefusal, rpcCodeOf } from "../client/errors.ts";

/** The API as an OpenRPC document (https://spec.open-rpc.org, 1.3.2), made from the contract. */
export function describeApi(version: string) {
  const schemas: Record<string, unknown> = {};
  const methods = Object.entries(contract).map(([name, method]) => describeMethod(name, method, schemas));
  return {
    openrpc: "1.3.2",
    info: {
      title: "timestampvm",
      version,
      description:
        "Stamps are evidence that data existed before a block was made; the time of a block is its proposer's claim. " +
        "Parameters come by name, {…} or [{…}]; each method answers to its name and to timestampvm.NAME. Integers " +
        "are exact: some need more than the 53 bits of a double.",
      license: { name: "BSD-3-Clause" },
    },
    methods,
    components: { schemas, errors: describeErrors(schemas) },
  };
}

/** Each error by its name; `data` is the schema of `error.data`. */
function describeErrors(schemas: Record<string, unknown>) {
  const describe = (refusal: (typeof apiRefusal.options)[number]) => {
    const { value: code } = refusal.shape.code;
    const { description, ...data } = toSchema(refusal, "output", schemas);
    return [nameOf(code), { code: rpcCodeOf(code), message: description, data }] as const;
  };
  return Object.fromEntries(apiRefusal.options.map(describe));
}

/** "unknown block" as "UnknownBlock". */
function nameOf(code: ApiErrorCode): string {
  return code.replaceAll(/(?:^| )./g, (start) => start.trim().toUpperCase());
}

function describeMethod(name: string, method: MethodContract, schemas: Record<string, unknown>) {
  const { summary, params, result, errors } = method;
  const { properties = {}, required = [] } = toSchema(params, "input", schemas);
  return {
    name,
    summary,
    paramStructure: "by-name",
    params: Object.entries(properties).map(([member, schema]) => ({
      name: member,
      required: required.includes(member),
      schema,
    })),
    result: { name: "result", schema: toSchema(z.object({ result }), "output", schemas).properties?.result },
    errors: [...errors, ...commonErrors].map((code) => ({ $ref: `#/components/errors/${nameOf(code)}` })),
  };
}

interface ObjectSchema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
}

/** Moves schemas that have a name of their own into `schemas`. */
function toSchema(schema: z.ZodType, io: "input" | "output", schemas: Record<string, unknown>): ObjectSchema {
  const { $defs, $schema: _, ...described } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  const { definitions, ...shared } = shareDefinitions({ definitions: $defs ?? {}, ...described });
  Object.assign(schemas, definitions);
  return shared;
}

function shareDefinitions<T>(schema: T): T {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
}

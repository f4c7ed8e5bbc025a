import { describe, expect, test } from "bun:test";
import Ajv from "ajv";
import fc from "fast-check";
import { formatExactJson } from "../../src/core/exact-json.ts";
import { decideNext, genesis, propose, startVm } from "../support/chain.ts";
import { RpcClient } from "./rpc.ts";

// What the OpenRPC document allows is taken, in each shape that it allows, and what it forbids is refused: the calls are
// made from the document alone.

const numRuns = Number(process.env.TIMESTAMPVM_TEST_RUNS ?? 100);

interface Schema {
  readonly title: string;
  readonly type?: "string" | "integer";
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly anyOf?: readonly Schema[];
}

interface Param {
  readonly name: string;
  readonly required: boolean;
  readonly schema: Schema;
}

interface Method {
  readonly name: string;
  readonly paramStructure: "either" | "by-position";
  readonly params: readonly Param[];
  readonly "x-exactly-one-of"?: readonly string[];
  readonly errors: readonly { readonly $ref: string }[];
}

const rpc = new RpcClient(startVm({ config: { maxMempoolItems: 50 } }).vm);
propose(rpc.vm, "first");
const last = decideNext(rpc.vm).id;
const unknown = "11111111111111111111111111111111LpoYY";
const { methods, components } = (await rpc.call("rpc.discover")).result as unknown as {
  readonly methods: readonly Method[];
  readonly components: { readonly errors: Readonly<Record<string, { readonly code: number }>> };
};

/** What a schema cannot say: which texts are times, that an id ends with a checksum, and that `to` is a later block. */
const ids = (name: string) => (name === "to" ? [last, unknown] : [genesis.id, last, unknown]);
const times = ["2026-11-30", " 2026-11-30T03:30:00.5+01:00\n", "20261130T033000Z", "@5", "1796005800"];

function someOf({ name, schema }: Param): fc.Arbitrary<unknown> {
  if (name === "waitMs") return fc.constant(0); // a longer wait is allowed, and takes its time
  if (schema.anyOf !== undefined)
    return fc.oneof(...schema.anyOf.map((option) => someOf({ name, required: true, schema: option })));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.type === "integer") return integerOf(schema);
  if (name === "timestamp" || schema.pattern === undefined) return fc.constantFrom(...times);
  if (/^Get(Block|Proof)(Id|To)$/.test(schema.title)) return fc.constantFrom(...ids(name));
  const { pattern, maxLength = Number.POSITIVE_INFINITY } = schema;
  return fc.stringMatching(new RegExp(pattern)).filter((text) => text.length <= maxLength);
}

function integerOf({ minimum = 0, maximum = 0, exclusiveMaximum }: Schema): fc.Arbitrary<bigint> {
  const greatest = maximum === 2 ** 64 ? 2n ** 64n - 1n : BigInt(maximum); // read as a double
  return fc.bigInt(BigInt(minimum), exclusiveMaximum === undefined ? greatest : BigInt(exclusiveMaximum) - 1n);
}

/** Values for some of the parameters: for all that must be there. */
function valuesOf({ params, "x-exactly-one-of": oneOf = [] }: Method): fc.Arbitrary<Record<string, unknown>> {
  const optional = params.filter(({ name, required }) => !required && !oneOf.includes(name));
  const chosen = fc.tuple(fc.subarray(optional), oneOf.length > 0 ? fc.constantFrom(...oneOf) : fc.constant(""));
  return chosen.chain(([some, one]) => {
    const given = params.filter((param) => param.required || param.name === one || some.includes(param));
    return fc.record(Object.fromEntries(given.map((param) => [param.name, someOf(param)])));
  });
}

type Shape = "by name" | "by name in a list" | "by position" | "by position to the end" | "absent";
const shapes: readonly Shape[] = ["by name", "by name in a list", "by position", "by position to the end", "absent"];

/** The parameters in a shape; undefined where there is none, as `{}` for a method that takes parameters in a list only. */
function shape({ params, paramStructure }: Method, values: Record<string, unknown>, as: Shape): unknown {
  const list = params.map(({ name }) => values[name] ?? null);
  if (as === "by position to the end") return list;
  if (as === "by position") return list.slice(0, 1 + list.findLastIndex((value) => value !== null));
  if (as === "absent" || paramStructure === "by-position") return Object.keys(values).length === 0 ? undefined : list;
  return as === "by name" ? values : [values];
}

interface Answer {
  readonly error?: { readonly code: number; readonly data: { readonly code: string; readonly parameter?: string } };
}

async function send(method: string, params: unknown): Promise<Answer> {
  return JSON.parse((await rpc.answer(formatExactJson({ jsonrpc: "2.0", id: 1, method, params }))) ?? "");
}

const rows = methods.map((method) => [method.name, method] as const);
const all = { numRuns };

describe("what the document allows is taken", () => {
  test.each(rows)("by %s", async (name, method) => {
    const call = fc.tuple(valuesOf(method), fc.constantFrom(...shapes), fc.constantFrom(name, `timestampvm.${name}`));
    const numbers = method.errors.map(({ $ref }) => components.errors[$ref.replace(/^.*\//, "")]?.code);
    const allowed = fc.asyncProperty(call, async ([values, as, called]) => {
      const { error } = await send(called, shape(method, values, as));
      expect(error?.data.code).not.toBe("invalid params");
      if (error !== undefined) expect(numbers).toContain(error.code);
    });
    await fc.assert(allowed, all);
  });
});

describe("what the document forbids is refused", () => {
  const ajv = new Ajv({ strict: false });
  const isAllowed = new Map(
    methods.flatMap(({ name, params }) => params.map((param) => [`${name} ${param.name}`, ajv.compile(param.schema)])),
  );

  async function expectRefused(name: string, params: unknown, parameter?: string): Promise<void> {
    const { error } = await send(name, params);
    expect(error).toMatchObject({ code: -32602, data: { code: "invalid params" } });
    if (parameter !== undefined) expect(error?.data.parameter).toBe(parameter);
  }

  test.each(rows.filter(([, { params }]) => params.length > 0))(
    "a value, by %s, which names it",
    async (name, method) => {
      const wrong = fc
        .tuple(valuesOf(method), fc.jsonValue({ maxDepth: 1 }), fc.constantFrom<Shape>("by name", "by position"))
        .chain(([values, value, as]) =>
          fc.tuple(fc.constant({ values, value, as }), fc.constantFrom(...method.params.map(({ name }) => name))),
        )
        .filter(([{ value, as }, param]) => {
          const isForm = as === "by position" && typeof value === "object" && !Array.isArray(value); // of timestampvm-rs
          return !isForm && isAllowed.get(`${name} ${param}`)?.(value) === false;
        });
      const refused = fc.asyncProperty(wrong, async ([{ values, value, as }, param]) =>
        expectRefused(name, shape(method, { ...values, [param]: value }, as), param),
      );
      await fc.assert(refused, all);
    },
  );

  test.each(rows)("one more parameter than %s has, or one that must be there left out", async (name, method) => {
    const more = fc.asyncProperty(valuesOf(method), async (values) => {
      await expectRefused(name, [...method.params.map((param) => values[param.name] ?? null), 1]);
      for (const param of method.params.filter(({ required }) => required)) {
        await expectRefused(name, shape(method, { ...values, [param.name]: undefined }, "by name"), param.name);
      }
    });
    await fc.assert(more, { numRuns: 20 });
  });

  test.each(rows.filter(([, method]) => method["x-exactly-one-of"] !== undefined))(
    "none and both of which %s takes one",
    async (name, method) => {
      const oneOf = method["x-exactly-one-of"] ?? [];
      const others = valuesOf({ ...method, params: method.params.filter(({ name }) => !oneOf.includes(name)) });
      const both = fc.record(
        Object.fromEntries(method.params.filter(({ name }) => oneOf.includes(name)).map((p) => [p.name, someOf(p)])),
      );
      const refused = fc.asyncProperty(others, both, fc.constantFrom(...shapes), async (others, both, as) => {
        await expectRefused(name, shape(method, others, as));
        await expectRefused(name, shape(method, { ...others, ...both }, as));
      });
      await fc.assert(refused, { numRuns: 50 });
    },
  );

  test.each(rows.filter(([, { paramStructure }]) => paramStructure === "by-position"))(
    "an object for %s, which takes a list only",
    (name) => expectRefused(name, {}),
  );
});

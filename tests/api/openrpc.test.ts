import { describe, expect, test } from "bun:test";
import jsonSchemaSchema from "@json-schema-tools/meta-schema";
import metaSchema from "@open-rpc/meta-schema";
import Ajv from "ajv";
import { contract } from "../../src/client/contract.ts";
import { bytesOf, decideNext, propose } from "../support/chain.ts";
import { RpcClient } from "./rpc.ts";

const rpc = new RpcClient();
propose(rpc.vm, "first");
decideNext(rpc.vm);
propose(rpc.vm, "waits");
const { result } = await rpc.call("rpc.discover");
const document = result as unknown as Document;

interface Document {
  readonly openrpc: string;
  readonly methods: readonly {
    readonly name: string;
    readonly params: readonly { readonly name: string; readonly required: boolean; readonly schema: object }[];
    readonly result: { readonly schema: object };
    readonly errors: readonly { readonly $ref: string }[];
  }[];
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>;
    readonly errors: Readonly<Record<string, { readonly code: number; readonly data: object }>>;
  };
}

test("the document is one by OpenRPC's own schema", () => {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  // Named by its $id, and without its last slash.
  for (const $id of ["https://meta.json-schema.tools/", "https://meta.json-schema.tools"]) {
    ajv.addSchema({ ...withoutDialect(jsonSchemaSchema), $id }, $id);
  }
  const validate = ajv.compile(withoutDialect(metaSchema));
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ ...document, methods: [{ name: 5 }] })).toBe(false);
});

/** Both name a dialect that is one of them. */
function withoutDialect({ $schema: _, ...schema }: Readonly<Record<string, unknown>>): object {
  return schema;
}

test("it has every method of the contract, but that by which it is asked for", () => {
  expect([...document.methods.map(({ name }) => name), "rpc.discover"]).toEqual(Object.keys(contract));
});

describe("a generator of clients finds", () => {
  test("names that are names in code as well", () => {
    for (const { name, params } of document.methods) {
      for (const word of [name, ...params.map((param) => param.name)]) expect(word).toMatch(/^[a-z][A-Za-z0-9]*$/);
    }
  });

  test("a title for each type, which is a name in code, and that of no other", () => {
    const { schemas, errors } = document.components;
    const roots = [
      ...document.methods.flatMap(({ params, result }) => [...params, result].map(({ schema }) => schema)),
      ...Object.values(schemas),
      ...Object.values(errors).map(({ data }) => data),
    ];
    const titles = roots.flatMap(schemasIn).map(({ title }) => title);
    for (const title of titles) expect(title).toMatch(/^[A-Z][A-Za-z0-9]*$/);
    expect(titles).toHaveLength(new Set(titles).size);
    expect(titles).toEqual(expect.arrayContaining(Object.keys(schemas)));
  });

  test("parameters that must be there before those that may be left out", () => {
    for (const { params } of document.methods) {
      const required = params.map((param) => param.required);
      expect(required).toEqual(required.toSorted((a, b) => Number(b) - Number(a)));
    }
  });

  test("a version of OpenRPC that @open-rpc/generator has a type for", () => {
    expect(document.openrpc).toBe("1.2.6");
  });
});

interface TitledSchema {
  readonly $ref?: string;
  readonly title?: string;
  readonly items?: TitledSchema;
  readonly anyOf?: readonly TitledSchema[];
  readonly properties?: Readonly<Record<string, TitledSchema>>;
}

/** A schema and all inside it. One that only refers to another has no type of its own. */
function schemasIn(schema: TitledSchema): TitledSchema[] {
  if (Object.keys(schema).join() === "$ref") return [];
  const { items, anyOf = [], properties = {} } = schema;
  const inside = [...(items === undefined ? [] : [items]), ...anyOf, ...Object.values(properties)];
  return [schema, ...inside.flatMap(schemasIn)];
}

/** A validator of JSON for a schema of the document. */
function validatorOf(schema: object) {
  const text = JSON.stringify({ ...schema, definitions: document.components.schemas });
  return new Ajv({ strict: false }).compile(JSON.parse(text.replaceAll("#/components/schemas/", "#/definitions/")));
}

const digest = Bun.CryptoHasher.hash("sha256", "first", "hex");
const { id } = (await rpc.call("lastAccepted")).result as { id: string };

describe("what each method takes and gives is what the document says", () => {
  const calls: readonly (readonly [name: keyof typeof contract, params?: object])[] = [
    ["ping"],
    ["proposeBlock", { data: bytesOf("more").toBase64() }],
    ["lastAccepted"],
    ["getBlock", { id }],
    ["getBlockByHeight", { height: 1 }],
    ["getBlockAt", { timestamp: 5 }],
    ["getBlocks", {}],
    ["getBlocks", { from: 0, limit: 1, order: "ascending", waitMs: 1 }],
    ["stamp", { data: "0x00" }],
    ["stamp", { digest }],
    ["getReceipt", { id: digest }],
    ["getReceipt", { id: digest, waitMs: 1 }],
    ["find", { digest, from: 0, limit: 1 }],
    ["find", { data: "0x00" }],
    ["getProof", { digest }],
    ["getProof", { id, to: id }],
    ["getStatus"],
  ];

  test.each(calls.map(([name, params]) => [`${name} ${JSON.stringify(params) ?? ""}`, name, params] as const))(
    "%s",
    async (_name, name, params) => {
      const method = document.methods.find((described) => described.name === name);
      if (method === undefined) throw new Error(`no method ${name}`);
      const outcome = await rpc.call(name, params);
      expect(outcome.error).toBeUndefined();
      const validate = validatorOf(method.result.schema);
      expect(validate(outcome.result), JSON.stringify(validate.errors)).toBe(true);
      for (const [member, value] of Object.entries(params ?? {})) {
        const schema = method.params.find((described) => described.name === member)?.schema;
        const accepts = validatorOf(schema ?? { not: {} });
        expect(accepts(value), `${member}: ${JSON.stringify(accepts.errors)}`).toBe(true);
      }
    },
  );

  test("every method was called", () => {
    expect(new Set<string>(calls.map(([name]) => name))).toEqual(new Set(document.methods.map(({ name }) => name)));
  });

  test("a schema is no empty one: each refuses something", () => {
    for (const { name, params, result } of document.methods) {
      expect(validatorOf(result.schema)(false), `result of ${name}`).toBe(false);
      for (const param of params) expect(validatorOf(param.schema)(false), `${param.name} of ${name}`).toBe(false);
    }
  });

  test("what must be there is refused without it", async () => {
    for (const { name, params } of document.methods) {
      const required = params.filter((param) => param.required);
      if (required.length > 0) expect(await rpc.codeOf(name, {})).toBe(-32602);
    }
  });
});

describe("what a method is refused with is what the document says", () => {
  const unknownId = "11111111111111111111111111111111LpoYY";

  test.each([
    ["ping", {}, "InvalidParams"],
    ["getBlock", { id: unknownId }, "ClassicUnknownBlock"],
    ["proposeBlock", { data: `0x${"00".repeat(1_000_001)}` }, "ClassicDataTooLarge"],
    ["getBlockByHeight", { height: 1_000 }, "UnknownBlock"],
    ["getProof", { id: unknownId }, "UnknownBlock"],
    ["getProof", { id, digest }, "InvalidParams"],
    ["stamp", { data: `0x${"00".repeat(1_000_001)}` }, "DataTooLarge"],
  ] as const)("%s %j: %s", async (name, params, wanted) => {
    const { error } = await rpc.call(name, params);
    expect(document.methods.find((method) => method.name === name)?.errors).toContainEqual({
      $ref: `#/components/errors/${wanted}`,
    });
    const described = document.components.errors[wanted];
    expect(error?.code).toBe(described?.code as number);
    const validate = validatorOf(described?.data ?? { not: {} });
    expect(validate(error?.data), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...(error?.data as object), code: "another" })).toBe(false);
  });

  test("each error of a method is there, and each that is there is one of some method", () => {
    const named = document.methods.flatMap(({ errors }) => errors.map(({ $ref }) => $ref));
    const there = Object.keys(document.components.errors).map((name) => `#/components/errors/${name}`);
    expect(new Set(named)).toEqual(new Set(there));
  });
});

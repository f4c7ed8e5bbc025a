import type * as z from "zod";
import type { CheckedParamsOf, MethodName, ResultOf } from "../client/contract.ts";
import type { Caller } from "../vm/caller.ts";
import { type Awaitable, InvalidParams, type Method, type Params } from "./json-rpc.ts";

/** What is behind each name of the contract: a method that is missing, or gives something else, does not compile. */
export type Implementation = {
  readonly [Name in MethodName]: (params: CheckedParamsOf<Name>, caller: Caller) => Awaitable<ResultOf<Name>>;
};

/** What the parameters of a method must be; undefined when it takes none at all, not even an empty object. */
type ParamsSchema = z.ZodType | undefined;

/** A method that checks what comes by its schema, and runs `run` with what it means. */
export function checked<T>(schema: ParamsSchema, run: (params: T, caller: Caller) => unknown): Method {
  return (params, caller) => run(checkParams(schema, params) as T, caller);
}

/** Throws `InvalidParams`. */
function checkParams(schema: ParamsSchema, params: Params): unknown {
  if (schema === undefined) return expectNoParams(params);
  const object = getObject(params);
  const checked = schema.safeParse(object);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new InvalidParams(issue === undefined ? "not understood" : describe(issue, object));
}

function expectNoParams(params: Params): void {
  if (params === undefined || (Array.isArray(params) && params.length === 0)) return;
  throw new InvalidParams("no parameters were expected");
}

/** The one parameter object, which comes by position, `[{…}]`, or by name, `{…}`; or not at all. */
function getObject(params: Params): object {
  if (Array.isArray(params) && params.length > 1) {
    throw new InvalidParams(`expected 1 parameter, an object, not ${params.length}`);
  }
  const object: unknown = (Array.isArray(params) ? params[0] : params) ?? {};
  if (typeof object === "object" && object !== null && !Array.isArray(object)) return object;
  throw new InvalidParams("expected an object with named parameters");
}

function describe({ path, message, ...issue }: z.core.$ZodIssue, object: object): string {
  if (issue.code === "unrecognized_keys") return `unknown field \`${issue.keys[0]}\``;
  const [name] = path;
  if (name === undefined) return message;
  return Object.hasOwn(object, name) ? `${String(name)} ${message}` : `missing field \`${String(name)}\``;
}

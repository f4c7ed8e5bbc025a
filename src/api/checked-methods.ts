import * as z from "zod";
import type { Awaitable } from "../avalanche/awaitable.ts";
import type { CheckedParamsOf, MethodName, ResultOf } from "../client/contract.ts";
import type { Caller } from "../vm/caller.ts";
import { InvalidParams } from "./invalid-params.ts";
import type { Method, Params } from "./request.ts";

/** The implementation of each method of the contract. A missing one, or a wrong result, does not compile. */
export type Implementation = {
  readonly [Name in MethodName]: (params: CheckedParamsOf<Name>, caller: Caller) => Awaitable<ResultOf<Name>>;
};

/** Makes a method that checks its parameters by the schema, and runs `run` with the parsed values. */
export function checked<T>(schema: z.ZodType<T>, run: (params: T, caller: Caller) => unknown): Method {
  return (params, caller) => run(checkParams(schema, params), caller);
}

/** Throws `InvalidParams`. */
function checkParams<T>(schema: z.ZodType<T>, params: Params): T {
  const given = schema instanceof z.ZodUndefined ? expectNoParams(params) : getObject(params);
  const checked = schema.safeParse(given);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw issue === undefined ? new InvalidParams("not understood") : toInvalidParams(issue, given ?? {});
}

function expectNoParams(params: Params): undefined {
  if (params === undefined || (Array.isArray(params) && params.length === 0)) return undefined;
  throw new InvalidParams("no parameters were expected");
}

/** The one parameter object. It comes by position, `[{…}]`, by name, `{…}`, or not at all. */
function getObject(params: Params): object {
  if (Array.isArray(params) && params.length > 1) {
    throw new InvalidParams(`expected 1 parameter, an object, not ${params.length}`);
  }
  const object: unknown = (Array.isArray(params) ? params[0] : params) ?? {};
  if (typeof object === "object" && object !== null && !Array.isArray(object)) return object;
  throw new InvalidParams("expected an object with named parameters");
}

/** Names the parameter if the schema has it: the name of an unknown field may have any length. */
function toInvalidParams({ path, message, ...issue }: z.core.$ZodIssue, object: object): InvalidParams {
  if (issue.code === "unrecognized_keys") return new InvalidParams(`unknown field \`${issue.keys[0]}\``);
  const [key] = path;
  if (key === undefined) return new InvalidParams(message);
  const name = String(key);
  return new InvalidParams(Object.hasOwn(object, name) ? `${name} ${message}` : `missing field \`${name}\``, name);
}

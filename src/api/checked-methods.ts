import * as z from "zod";
import type { Awaitable } from "../avalanche/awaitable.ts";
import { type CheckedParamsOf, type MethodName, parameterNames, type ResultOf } from "../client/contract.ts";
import { isJsonObject } from "../core/exact-json.ts";
import type { Caller } from "../vm/caller.ts";
import { InvalidParams } from "./invalid-params.ts";
import type { Method, Params } from "./request.ts";

/** The implementation of each method of the contract. A missing one, or a wrong result, does not compile. */
export type Implementation = {
  readonly [Name in MethodName]: (params: CheckedParamsOf<Name>, caller: Caller) => Awaitable<ResultOf<Name>>;
};

/** Makes a method that checks its parameters by the schema, and runs `run` with the parsed values. */
export function checked<T>(schema: z.ZodType<T>, run: (params: T, caller: Caller) => unknown): Method {
  const names = parameterNames(schema);
  return (params, caller) => run(checkParams(schema, names, params), caller);
}

/** Throws `InvalidParams`. */
function checkParams<T>(schema: z.ZodType<T>, names: readonly string[], params: Params): T {
  const given = schema instanceof z.ZodUndefined ? expectNoParams(params) : byName(names, params);
  const checked = schema.safeParse(given);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw issue === undefined ? new InvalidParams("not understood") : toInvalidParams(issue, given ?? {});
}

function expectNoParams(params: Params): undefined {
  if (params === undefined || (isList(params) && params.length === 0)) return undefined;
  throw new InvalidParams("no parameters were expected");
}

/**
 * The parameters by their names. They come so, `{…}`, or in the form of timestampvm-rs, `[{…}]`, or by position, or not
 * at all. A list of one object is always that form, since no parameter is an object. By position, null stands for a
 * parameter that is left out.
 */
function byName(names: readonly string[], params: Params = {}): object {
  if (!isList(params)) return params;
  const [first] = params;
  if (params.length === 1 && isJsonObject(first) && !JSON.isRawJSON(first)) return first;
  if (params.length > names.length) throw new InvalidParams(`${params.length} of at most ${names.length} parameters`);
  return Object.fromEntries(names.flatMap((name, i) => ((params[i] ?? null) === null ? [] : [[name, params[i]]])));
}

/** `Array.isArray` does not know lists that cannot be changed. */
function isList(params: Params): params is readonly unknown[] {
  return Array.isArray(params);
}

/** Names the parameter if the schema has it: the name of an unknown field may have any length. */
function toInvalidParams({ path, message, ...issue }: z.core.$ZodIssue, object: object): InvalidParams {
  if (issue.code === "unrecognized_keys") return new InvalidParams(`unknown field \`${issue.keys[0]}\``);
  const [key] = path;
  if (key === undefined) return new InvalidParams(message);
  const name = String(key);
  return new InvalidParams(Object.hasOwn(object, name) ? `${name} ${message}` : `missing field \`${name}\``, name);
}

import { isAbsolute, resolve } from "node:path";
import { CommandFailed, wrongUse } from "./command-failed.ts";

/**
 * Makes a path absolute. Throws "command failed", as wrong use, in a directory whose name is not UTF-8: the runtime
 * puts U+FFFD in the place of such bytes, which would name another one.
 */
export function absolutePath(path: string): string {
  const absolute = resolve(path);
  if (isAbsolute(path) || !absolute.includes("\ufffd")) return absolute;
  throw new CommandFailed(`the name of this directory is not UTF-8: give an absolute path, not ${path}`, wrongUse);
}

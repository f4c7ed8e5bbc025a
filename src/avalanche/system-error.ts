import { codeOf, messageOf } from "./coded-error.ts";

/**
 * What the operating system refused, in plain words, without its code and the path, such as "permission denied".
 * Undefined for any other error, also for one of ours that has a code of the system: its words are plain already.
 */
export function systemProblemOf(error: unknown): string | undefined {
  const code = codeOf(error);
  const [, words] = /^E[A-Z]+: (.*)$/s.exec(messageOf(error)) ?? [];
  if (!/^E[A-Z]+$/.test(code) || words === undefined) return undefined;
  if (code === "EEXIST" && words.includes(", mkdir ")) return "it is a file, not a directory";
  return problems.get(code) ?? words.replace(/, [a-z]+( '.*)?$/s, "");
}

/** Why a server cannot listen on an address. Has the code of the system's error. */
export function cannotListen(address: string, error: unknown): Error {
  const message = `cannot listen on ${address}: ${systemProblemOf(error) ?? messageOf(error)}`;
  return Object.assign(new Error(message, { cause: error }), { code: codeOf(error) });
}

const problems = new Map([
  ["ENOENT", "there is no such file or directory"],
  ["ENOTDIR", "a part of its path is not a directory"],
  ["EISDIR", "it is a directory"],
  ["EEXIST", "there is such a file already"],
  ["EACCES", "permission denied"],
  ["EROFS", "its disk is read-only"],
  ["ENOSPC", "its disk is full"],
  ["EADDRNOTAVAIL", "this machine does not have this address"],
]);

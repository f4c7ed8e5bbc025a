import { CodedError, codeOf, messageOf } from "../avalanche/coded-error.ts";
import { systemProblemOf } from "../avalanche/system-error.ts";
import { RpcError } from "../client/rpc-error.ts";
import { CommandFailed } from "./command-failed.ts";

/** Why a command failed; "" when nobody reads its output any more, undefined for a bug. */
export function failureOf(error: unknown): string | undefined {
  if (error instanceof CommandFailed || error instanceof CodedError || error instanceof RpcError) return error.message;
  const code = codeOf(error);
  if (code === "EPIPE") return "";
  return /^E[A-Z]+$/.test(code) ? (systemProblemOf(error) ?? messageOf(error)) : undefined;
}

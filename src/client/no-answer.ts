import { CodedError } from "../avalanche/coded-error.ts";

/** Why a server gave no answer in JSON-RPC. */
export type NoAnswer =
  /** No reply came: `cause` is the code of the runtime or of the system; "" for none. */
  | { readonly code: "unreachable"; readonly cause: string }
  | { readonly code: "redirect"; readonly location: string }
  | { readonly code: "http status"; readonly status: number; readonly text: string }
  | { readonly code: "no json-rpc" };

/** A call was not answered, whatever the call was. */
export class NoAnswerError extends CodedError<NoAnswer> {
  override readonly name = "NoAnswerError";
}

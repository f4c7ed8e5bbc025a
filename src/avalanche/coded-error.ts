/** Why something was refused: `code` names the reason, the other members are its data. */
export interface Coded {
  readonly code: string;
}

/**
 * An error with its reason as data, for programs. Ids, the chain, the file, proofs and the limits of calls each have
 * one subclass, with a union of reasons. An error of any other class is a bug.
 */
export abstract class CodedError<Refusal extends Coded> extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal, message: string, options?: ErrorOptions) {
    super(message, options);
    this.refusal = refusal;
  }
}

/** The `code` of an error from the system or from SQLite; "" for anything else. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** The message of a thrown value, of any type. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : textOf(error);
}

/** The same after the error's name. Never throws, unlike `String`, which does for some objects. */
export function textOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return "an object without a text";
  }
}

/** The stack of an error, to find a bug; the text of any other thrown value. */
export function stackOf(error: unknown): string {
  return (error instanceof Error ? error.stack : undefined) ?? textOf(error);
}

/** Why something was refused: `code` says which reason it is, the other members are its data. */
export interface Coded {
  readonly code: string;
}

/**
 * An error with its reason as data, for programs. Each world that refuses (ids, blocks and chain, the file, proofs,
 * limits of calls) has one subclass with its union of reasons. An error of any other class is a bug.
 */
export abstract class CodedError<Refusal extends Coded> extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal, message: string, options?: ErrorOptions) {
    super(message, options);
    this.refusal = refusal;
  }
}

/** The code that the system, or SQLite, gave an error; "" for anything else. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** What a thrown value says, whatever it is. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : textOf(error);
}

/** The same with the error's kind before it. Never throws, as `String` does for some objects. */
export function textOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return "an object without a text";
  }
}

/** Where a bug comes from: the stack of an error, or what else was thrown. */
export function stackOf(error: unknown): string {
  return (error instanceof Error ? error.stack : undefined) ?? textOf(error);
}

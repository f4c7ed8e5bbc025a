import { CodedError } from "../avalanche/coded-error.ts";

/** Why a server's answer is refused: it contradicts itself, or is about something else than was asked for. */
export interface AnswerRefusal {
  readonly code: "contradiction";
  readonly problem: string;
}

/** A server gave an answer that cannot be true. */
export class AnswerError extends CodedError<AnswerRefusal> {
  override readonly name = "AnswerError";

  constructor(problem: string) {
    super(
      { code: "contradiction", problem },
      `the server's answer contradicts itself, and is not believed: ${problem}`,
    );
  }
}

/** Throws an `AnswerError` unless something is true. `problem` says what is not. */
export function expectTrue(isTrue: boolean, problem: string): void {
  if (!isTrue) throw new AnswerError(problem);
}

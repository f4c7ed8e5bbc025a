/** A command that was used rightly and could not do its work; the message says why. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
  /** What the program leaves with. */
  readonly exitCode: number;

  constructor(message: string, exitCode: number = failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What the program leaves with, beside 0. */
export const failed = 1;
export const wrongUse = 2;
export const notYet = 3;

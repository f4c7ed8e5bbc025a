/** A command that was used correctly and could not do its work. The message says why. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
  readonly exitCode: number;

  constructor(message: string, exitCode: number = failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

// Exit codes, beside 0.

export const failed = 1;
export const wrongUse = 2;
/** The time to wait was over. */
export const notYet = 3;

/** What the help of a command says about its exit codes. `failure` says what 1 means; `more` is put behind all. */
export function exitCodesHelp(failure: string, more = ""): string {
  return `\nExit codes: 0 done; 1 ${failure}; 2 wrong use${more}.`;
}

/** A command was used correctly, but could not do its work. The message says why. */
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
/** It cannot be told yet: the command waited in vain, or what it was given is not enough. */
export const notYet = 3;

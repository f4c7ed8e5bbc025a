/** A command that was used rightly and could not do its work; the message says why. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
}

/** What a command may do with the world: whole lines go out, and a command that serves hears when it is to end. */
export interface Output {
  /** Throws what the system says when it cannot be written. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether a person sees `err` while it is written. */
  readonly isWatched?: boolean;
  /** Whether `out` is shown in colours. */
  readonly isColoured?: boolean;
  /** Runs `close` when the program is told to end, and ends it. */
  readonly onEnd?: (close: () => void) => void;
}

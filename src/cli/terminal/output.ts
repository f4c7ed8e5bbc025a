import type { Clock } from "../../client/waiting.ts";

/** What a command may do with the world: whole lines go out, and a command that serves hears when it is to end. */
export interface Output {
  /** Takes text, or bytes as they are. Throws what the system says when it cannot be written. */
  readonly out: (content: string | Uint8Array) => void;
  readonly err: (text: string) => void;
  /** Whether a person sees `out`, and would rather not have a million digits. */
  readonly isTerminal?: boolean;
  /** Whether a person sees `err` while it is written. */
  readonly isWatched?: boolean;
  /** Whether `out` is shown in colours. */
  readonly isColoured?: boolean;
  /** What is read where no file is named. Without it, as from a terminal: only what is asked for is read. */
  readonly input?: { readonly fileDescriptor: number; readonly isTerminal: boolean };
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The time, where it is not the system's. */
  readonly clock?: Clock;
  /** Runs `close` when the program is told to end, and ends it. */
  readonly onEnd?: (close: () => void) => void;
}

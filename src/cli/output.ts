/** Where text goes that a command prints; whole lines. */
export interface Output {
  /** Throws what the system says when it cannot be written. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether a person sees `err` while it is written. */
  readonly isWatched?: boolean;
}

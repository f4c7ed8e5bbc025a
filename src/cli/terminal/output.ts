import type { Clock } from "../../client/waiting.ts";
import { formatExactJson } from "../../core/exact-json.ts";
import { escapeJson } from "../../core/printable.ts";
import { namingFile } from "../naming-file.ts";
import { ProgressLine } from "./progress-line.ts";

/** What the process provides to the commands. */
export interface OutputParts {
  /** Writes text, or bytes as they are, to standard output. Throws the system's error when it cannot be written. */
  readonly out: (content: string | Uint8Array) => void;
  /** Writes text to standard error. */
  readonly err: (text: string) => void;
  /** Whether `out` is a terminal: long data is cut there. */
  readonly isTerminal?: boolean;
  /** Whether `err` is a terminal: progress is shown there. */
  readonly isWatched?: boolean;
  /** Whether `out` shows colours. */
  readonly isColoured?: boolean;
  /** Standard input. Without it, a command reads only what its arguments name. */
  readonly input?: { readonly fileDescriptor: number; readonly isTerminal: boolean };
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The words that start this program. Its name by default. */
  readonly program?: readonly string[];
  /** The system's clock by default. */
  readonly clock?: Clock;
  /** Starts the thread of `operator/backup-worker.ts`. */
  readonly startBackup?: () => Worker;
  /** Runs `close` when a signal asks the program to end, and then ends it. */
  readonly onEnd?: (close: () => Promise<void>) => void;
  /** Runs `clean` when a signal is about to end the program. */
  readonly beforeSignal?: (clean: () => void) => void;
}

/** What a command reads from and prints to. */
export interface Output extends Omit<OutputParts, "isWatched" | "isColoured"> {
  readonly paint: Paint;
  /** Prints a value as one line of JSON, integers with all their digits. */
  readonly json: (value: unknown) => void;
  /** Makes a line that shows the command's progress. Shows nothing unless `err` is a terminal. */
  readonly progress: () => ProgressLine;
}

/** Styles text for `out`. Without colours, the text is unchanged. */
export type Paint = (style: keyof typeof codeByStyle, text: string) => string;

/** Makes an `Output` from the parts of the process. */
export function createOutput({ isWatched, isColoured, ...parts }: OutputParts): Output {
  const { err } = parts;
  const out: OutputParts["out"] = (content) => namingFile("standard output", () => parts.out(content));
  return {
    ...parts,
    out,
    paint: (style, text) => (isColoured ? `\u001b[${codeByStyle[style]}m${text}\u001b[0m` : text),
    json: (value) => out(`${escapeJson(formatExactJson(value))}\n`),
    progress: () => new ProgressLine(isWatched ? err : undefined),
  };
}

/** ECMA-48, 8.3.117. */
const codeByStyle = { bold: 1, dim: 2, green: 32, yellow: 33 } as const;

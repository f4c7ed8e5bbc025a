import { escapeLine } from "../../core/printable.ts";
import { CommandFailed, notYet, wrongUse } from "../command-failed.ts";
import { failureOf } from "../failure.ts";
import type { NamedSource } from "../source.ts";
import type { Output } from "../terminal/output.ts";
import { ProgressLine } from "../terminal/progress-line.ts";

/** A file, or one that cannot be listed. */
export type Listed = NamedSource | { readonly kind: "problem"; readonly file: NamedSource; readonly error: unknown };

/** What a command says about one of several files. */
export interface FileAnswer {
  /** For people: one line, without the file's name. */
  readonly line: string;
  /** For programs, one a line. */
  readonly values: readonly object[];
  /** Whether it cannot be told yet: mostly, the node has the data, and no accepted block. */
  readonly isWaiting?: boolean;
}

/** The work for one file failed with `error`, and leaves these values, which programs need. */
export class FileFailed extends Error {
  readonly values: object;

  constructor(error: unknown, values: object) {
    super("", { cause: error });
    this.values = values;
  }
}

/** Does a command's work for one file. It shows no progress by the `output` that it gets. */
export type FileWork = (file: NamedSource, output: Output) => Promise<FileAnswer>;

/** Files of which one command asks at the same time. A node makes blocks of them in turn. */
export const maxFilesAtOnce = 16;

/** What a command says at its end of all files. */
export interface EndWords {
  /** Of all, if no file failed: nothing without it. */
  readonly done?: () => string;
  /** Of those that wait. */
  readonly waiting: string;
}

interface EachOptions {
  readonly json?: boolean | undefined;
  readonly atOnce?: number;
  readonly words?: EndWords;
}

const stampWords: EndWords = {
  waiting: "not accepted in time. The node keeps them, and stamps them later: see timestampvm find",
};

/**
 * Does the same work for several files, at most `atOnce` at the same time, and prints in their order what came of each.
 * A file that fails keeps no other from its turn; wrong use ends all. Throws "command failed" at the end if a file has
 * failed, or waits for a block.
 */
export async function answerEach(
  files: Iterable<Listed>,
  work: FileWork,
  { json, atOnce = maxFilesAtOnce, words }: EachOptions,
  output: Output,
): Promise<void> {
  const report = new FileReport(json === true, output, Array.isArray(files) ? files.length : undefined, words);
  try {
    for await (const outcome of inOrder(files, atOnce, (file) => settle(file, work, report.quiet))) report.add(outcome);
  } finally {
    report.clear();
  }
  report.judge();
}

/** What came of one file. */
export type Outcome = { readonly file: NamedSource; readonly answer: FileAnswer } | Failure;

interface Failure {
  readonly file: NamedSource;
  readonly error: unknown;
  /** For programs. */
  readonly values?: object;
}

/** Prints what came of files, and counts them: it holds none of them. */
export class FileReport {
  /** For the work on the files: it shows no progress. */
  readonly quiet: Output;
  readonly #output: Output;
  readonly #json: boolean;
  readonly #total: number | undefined;
  readonly #progress: ProgressLine;
  readonly #words: EndWords;
  /** What to try, said once at the end. */
  readonly #hints = new Set<string>();
  #files = 0;
  #failed = 0;
  #waiting = 0;

  /** `total` is the number of files, if that is known. */
  constructor(json: boolean, output: Output, total: number | undefined, words = stampWords) {
    this.#output = output;
    this.#json = json;
    this.#total = total;
    this.#words = words;
    this.#progress = output.progress();
    const err = (text: string) => {
      this.#progress.clear();
      output.err(text);
    };
    this.quiet = { ...output, err, progress: () => new ProgressLine(undefined) };
  }

  /** Throws the error of a failure that no other file can escape. */
  add(outcome: Outcome): void {
    this.#progress.clear();
    this.#files++;
    if ("answer" in outcome) this.#addAnswer(outcome.file, outcome.answer);
    else this.#addFailure(outcome);
    this.#progress.show(this.#files, this.#total, "files");
  }

  clear(): void {
    this.#progress.clear();
  }

  /** Says what became of all. Throws "command failed" if a file has failed, or cannot be told yet. */
  judge(): void {
    const of = `of ${this.#files} files`;
    const { done, waiting } = this.#words;
    if (this.#failed > 0) throw new CommandFailed([`${this.#failed} ${of} failed`, ...this.#hints].join("\n"));
    if (this.#waiting > 0) throw new CommandFailed(`${this.#waiting} ${of} ${waiting}`, notYet);
    if (done !== undefined && !this.#json) this.#output.out(`all ${this.#files} ${done()}\n`);
  }

  #addAnswer(file: NamedSource, { line, values, isWaiting }: FileAnswer): void {
    const name = nameOf(file);
    if (isWaiting) this.#waiting++;
    if (this.#json) for (const value of values) this.#output.json({ file: name, ...value });
    else this.#output.out(`${line}  ${escapeLine(name)}\n`);
  }

  #addFailure({ file, error, values }: Failure): void {
    const name = nameOf(file);
    const [reason, ...hints] = reasonOf(name, error);
    this.#failed++;
    if (hints.length > 0) this.#hints.add(hints.join("\n"));
    if (this.#json) this.#output.json({ file: name, error: reason, ...values });
    this.#output.err(`error: ${escapeLine(name)}: ${escapeLine(reason)}\n`);
  }
}

/** Starts at most `atOnce` at the same time, as long as the results are taken. No work may reject. */
export async function* inOrder<T, R>(
  items: Iterable<T>,
  atOnce: number,
  start: (item: T) => Promise<R>,
): AsyncGenerator<R, void> {
  const started: Promise<R>[] = [];
  for (const item of items) {
    started.push(start(item));
    const [oldest] = started;
    if (oldest !== undefined && started.length === atOnce) {
      yield await oldest;
      started.shift();
    }
  }
  for (const result of started) yield await result;
}

/** Never rejects: nobody may be waiting for it yet. */
async function settle(file: Listed, work: FileWork, output: Output): Promise<Outcome> {
  if (file.kind === "problem") return file;
  try {
    return { file, answer: await work(file, output) };
  } catch (error) {
    return error instanceof FileFailed ? { file, error: error.cause, values: error.values } : { file, error };
  }
}

/** A file as the command line names it. */
export function nameOf(file: NamedSource): string {
  return file.kind === "file" ? file.name : "-";
}

/** The lines of a failure: the first says what it is, the others what to try. Throws what no other file can escape. */
function reasonOf(name: string, error: unknown): readonly [string, ...string[]] {
  const reason = failureOf(error);
  if (!reason || (error instanceof CommandFailed && error.exitCode === wrongUse)) throw error;
  const [line = "", ...hints] = reason.split("\n");
  return [line.startsWith(`${name}: `) ? line.slice(name.length + 2) : line, ...hints];
}

import { escapeLine } from "../../core/printable.ts";
import { CommandFailed, notYet, wrongUse } from "../command-failed.ts";
import { failureOf } from "../failure.ts";
import type { NamedSource } from "../source.ts";
import type { Output } from "../terminal/output.ts";
import { ProgressLine } from "../terminal/progress-line.ts";

/** What a command says about one of several files. */
export interface FileAnswer {
  /** For people: one line, without the file's name. */
  readonly line: string;
  /** For programs, one a line. */
  readonly values: readonly object[];
  /** Whether the node has the data, and no accepted block yet. */
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
const maxFilesAtOnce = 16;

/**
 * Does the same work for several files, at most `atOnce` at the same time, and prints in their order what came of each.
 * A file that fails keeps no other from its turn; wrong use ends all. Throws "command failed" at the end if a file has
 * failed, or waits for a block.
 */
export async function answerEach(
  files: readonly NamedSource[],
  work: FileWork,
  { json, atOnce = maxFilesAtOnce }: { readonly json?: boolean | undefined; readonly atOnce?: number },
  output: Output,
): Promise<void> {
  const progress = output.progress();
  const err = (text: string) => {
    progress.clear();
    output.err(text);
  };
  const quiet = { ...output, err, progress: () => new ProgressLine(undefined) };
  const outcomes: Outcome[] = [];
  try {
    for await (const outcome of inOrder(files, atOnce, (file) => settle(file, work, quiet))) {
      progress.clear();
      print(outcome, json === true, output);
      outcomes.push(outcome);
      progress.show(outcomes.length, files.length, "files");
    }
  } finally {
    progress.clear();
  }
  judge(outcomes);
}

type Outcome = { readonly name: string; readonly answer: FileAnswer } | Failure;

interface Failure {
  readonly name: string;
  readonly error: unknown;
  /** For programs. */
  readonly values?: object;
}

/** Starts at most `atOnce` at the same time, as long as the results are taken. */
async function* inOrder<T, R>(
  items: readonly T[],
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
async function settle(file: NamedSource, work: FileWork, output: Output): Promise<Outcome> {
  const name = nameOf(file);
  try {
    return { name, answer: await work(file, output) };
  } catch (error) {
    return error instanceof FileFailed ? { name, error: error.cause, values: error.values } : { name, error };
  }
}

/** A file as the command line names it. */
export function nameOf(file: NamedSource): string {
  return file.kind === "file" ? file.name : "-";
}

function print(outcome: Outcome, json: boolean, output: Output): void {
  const { name } = outcome;
  if ("answer" in outcome) {
    const { line, values } = outcome.answer;
    if (json) for (const value of values) output.json({ file: name, ...value });
    else output.out(`${line}  ${escapeLine(name)}\n`);
    return;
  }
  const reason = reasonOf(outcome);
  if (json) output.json({ file: name, error: reason, ...outcome.values });
  output.err(`error: ${escapeLine(name)}: ${escapeLine(reason)}\n`);
}

/** The first line of a failure: what to try is said once, at the end. Throws what no other file can escape. */
function reasonOf({ name, error }: Failure): string {
  const reason = failureOf(error);
  if (!reason || (error instanceof CommandFailed && error.exitCode === wrongUse)) throw error;
  const [line = ""] = reason.split("\n");
  return line.startsWith(`${name}: `) ? line.slice(name.length + 2) : line;
}

function judge(outcomes: readonly Outcome[]): void {
  const failures = outcomes.filter((outcome) => "error" in outcome);
  const waiting = outcomes.filter((outcome) => "answer" in outcome && outcome.answer.isWaiting);
  const of = `of ${outcomes.length} files`;
  if (failures.length > 0) {
    const hints = new Set(failures.map(({ error }) => failureOf(error)?.split("\n").slice(1).join("\n")));
    throw new CommandFailed([`${failures.length} ${of} failed`, ...hints].filter(Boolean).join("\n"));
  }
  if (waiting.length > 0) {
    throw new CommandFailed(
      `${waiting.length} ${of} not accepted in time. The node keeps them, and stamps them later: see timestampvm find`,
      notYet,
    );
  }
}

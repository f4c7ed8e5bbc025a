import { spawn } from "node:child_process";
import { once } from "node:events";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "./sessions.ts";

/** A command that runs in a terminal of its own, until Ctrl-C. */
export class Running implements AsyncDisposable {
  readonly #child;
  readonly #exited: Promise<unknown>;
  readonly #lines: string[] = [];
  readonly #reader;

  constructor(command: string, cwd: string) {
    // A group of its own: Ctrl-C goes to all processes of a terminal.
    const options = { cwd, env: environment(), detached: true } as const;
    this.#child = spawn("bash", ["-c", command], { ...options, stdio: ["ignore", "pipe", "inherit"] });
    this.#exited = once(this.#child, "close");
    this.#reader = createInterface(this.#child.stdout);
    this.#reader.on("line", (line) => this.#lines.push(line));
  }

  /** All that is printed up to a line. Rejects when the command ends before. */
  async line(pattern: RegExp): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#reader.on("line", (line) => pattern.test(line) && resolve(this.#lines.join("\n")));
    this.#reader.on("close", () => reject(new Error(`it has ended: ${this.#lines.join("\n")}`)));
    return promise;
  }

  /** Presses Ctrl-C. Gives all that was printed. */
  async end(): Promise<string> {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, "SIGINT");
    await this.#exited;
    return this.#lines.join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

/** Runs commands in one shell. Gives what each prints, on both streams, as far as the shell came. */
export async function printedBy(
  commands: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<string[]> {
  const mark = "-- next --";
  const script = ["exec 2>&1", ...commands.map((command) => `${command}\necho '${mark}'`)].join("\n");
  const shell = Bun.spawn(["bash", "-c", script], { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
  return (await shell.stdout.text()).split(`${mark}\n`);
}

/** A reader has Bun, and is in no test. */
export function environment(): Record<string, string | undefined> {
  const { MAKEFLAGS, MFLAGS, MAKELEVEL, NODE_ENV, TUTORIAL, ...env } = process.env;
  return { ...env, PATH: [join(root, "node_modules/.bin"), env.PATH].join(delimiter) };
}

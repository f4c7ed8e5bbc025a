import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type TemporaryDirectory, temporaryDirectory } from "./temporary.ts";

// The stock client of OpenTimestamps, `ots`, which is a program in Python. It is installed once for each machine.

const parts = join(import.meta.dir, "stock-client");
const requirements = join(parts, "requirements.txt");

/** What a run of `ots` printed, the way its user sees it, and its exit code. */
export interface OtsRun {
  readonly code: number;
  readonly printed: string;
}

/** Runs `ots` in a folder of files, as a user does. Asks no calendar but those that are named. */
export class StockClient implements Disposable {
  readonly #home: TemporaryDirectory;
  readonly #environment: string;

  static async open(): Promise<StockClient> {
    return new StockClient(await install());
  }

  private constructor(environment: string) {
    this.#environment = environment;
    this.#home = temporaryDirectory();
  }

  async run(folder: string, ...args: readonly string[]): Promise<OtsRun> {
    const command = ["bin/python", "bin/ots"].map((name) => join(this.#environment, name));
    const quiet = ["--no-cache", "--no-default-whitelist"];
    const env = { PATH: process.env.PATH, HOME: this.#home.path };
    const { code, out, err } = await runProgram([...command, ...quiet, ...args], { cwd: folder, env });
    return { code, printed: out + err };
  }

  /** Reads files with the library of the client, all in one process, and writes them again. Rejects if it refuses one. */
  rewrite(files: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    return this.#askLibrary(files.map((file) => file.toHex()));
  }

  /** Random files that the library makes: one for each seed, and the same for the same. */
  create(seeds: readonly number[]): Promise<readonly Uint8Array[]> {
    return this.#askLibrary(seeds.map(String));
  }

  async #askLibrary(lines: readonly string[]): Promise<readonly Uint8Array[]> {
    const command = [join(this.#environment, "bin/python"), join(parts, "round-trip.py")];
    const { code, out, err } = await runProgram(command, { stdin: lines.join("\n") });
    if (code !== 0) throw new Error(err);
    return out
      .split("\n")
      .slice(0, -1)
      .map((line) => Uint8Array.fromHex(line));
  }

  [Symbol.dispose](): void {
    this.#home[Symbol.dispose]();
  }
}

/** Gives the folder of the installed client. Several tests may install it at a time: the first one is kept. */
async function install(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "timestampvm-tests");
  const version = await run(["python3", "--version"]);
  const wanted = new Bun.CryptoHasher("sha256").update(version).update(readFileSync(requirements)).digest("hex");
  const installed = join(cache, `stock-client-${wanted.slice(0, 16)}`);
  if (existsSync(installed)) return installed;
  mkdirSync(cache, { recursive: true });
  const unfinished = `${installed}.${process.pid}`;
  try {
    await run(["python3", "-m", "venv", unfinished]);
    const pip = ["-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary=:all:", "-r", requirements];
    await run([join(unfinished, "bin/python"), ...pip]);
    if (!existsSync(installed)) renameSync(unfinished, installed);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return installed;
}

async function run(command: readonly string[]): Promise<string> {
  const [program = ""] = command;
  if (Bun.which(program) === null) throw new Error(`${program} is not there\n${howToGetIt}`);
  const { code, out, err } = await runProgram(command);
  if (code !== 0) throw new Error(`${command.join(" ")}: ${out}${err}\n${howToGetIt}`);
  return out;
}

interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string;
}

async function runProgram(command: readonly string[], { stdin = "", ...rest }: Surroundings = {}) {
  const child = Bun.spawn([...command], { ...rest, stdio: [new Blob([stdin]), "pipe", "pipe"] });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, out, err };
}

const howToGetIt =
  "The stock client of OpenTimestamps needs Python 3.9 or later with venv, and the Python Package Index: on Debian and " +
  "Ubuntu, apt-get install python3 python3-venv";

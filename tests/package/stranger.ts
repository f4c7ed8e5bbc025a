import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryDirectory } from "../support/temporary.ts";

const root = join(import.meta.dir, "../..");

/** Someone else's program, in a directory of its own, in which this package is installed. */
export class Stranger implements Disposable {
  readonly #directory = temporaryDirectory();
  readonly tarball = this.file("timestampvm.tgz");
  /** Where the package is. */
  readonly installed = this.file("node_modules/timestampvm");

  /** Packs this repository, with Bun since a clone need not have npm, and installs the tarball. */
  static async install(): Promise<Stranger> {
    const stranger = new Stranger();
    const { tarball, installed } = stranger;
    await run([process.execPath, "pm", "pack", "--filename", tarball], root);
    mkdirSync(installed, { recursive: true });
    await run(["tar", "-xzf", tarball, "-C", installed, "--strip-components=1"], root);
    // Links in place of downloads: a test must not need a network. What the package forgets to name is not there.
    for (const name of [...stranger.dependencies, "@types/bun", "typescript"]) stranger.#link(name);
    stranger.write("package.json", JSON.stringify({ type: "module" }));
    return stranger;
  }

  private constructor() {}

  /** The paths in the tarball. */
  get packed(): string[] {
    return [...new Bun.Glob("**").scanSync({ cwd: this.installed, dot: true })];
  }

  /** The packages that are installed with this one. */
  get dependencies(): string[] {
    return Object.keys(JSON.parse(this.read("package.json")).dependencies);
  }

  /** The text of a file of the package. */
  read(path: string): string {
    return readFileSync(join(this.installed, path), "utf8");
  }

  file(name: string): string {
    return this.#directory.file(name);
  }

  write(name: string, text: string): void {
    writeFileSync(this.file(name), text);
  }

  /** Takes a file of this repository as its own. */
  copy(path: string, name: string): void {
    copyFileSync(join(root, path), this.file(name));
  }

  /** Runs a program here. Gives what it prints; rejects for an exit code other than 0. */
  run(command: readonly string[]): Promise<string> {
    return run(command, this.#directory.path);
  }

  [Symbol.dispose](): void {
    this.#directory[Symbol.dispose]();
  }

  #link(name: string): void {
    const link = join(this.file("node_modules"), name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, "node_modules", name), link);
  }
}

async function run(command: readonly string[], cwd: string): Promise<string> {
  const { stdout, stderr, exited } = Bun.spawn([...command], { cwd, stdout: "pipe", stderr: "pipe" });
  const [printed, problems, code] = await Promise.all([stdout.text(), stderr.text(), exited]);
  if (code !== 0) throw new Error(`${command.join(" ")}: ${printed}${problems}`);
  return printed;
}

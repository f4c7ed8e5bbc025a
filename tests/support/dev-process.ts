import { within } from "../fake-node/deadline.ts";
import { Lines } from "../fake-node/lines.ts";
import { pluginCommand } from "./plugin-command.ts";
import { temporaryDirectory } from "./temporary.ts";

/** `timestampvm dev`, as a shell runs it. */
export class DevProcess implements AsyncDisposable {
  readonly #directory = temporaryDirectory();
  readonly child;
  readonly out: Lines;

  constructor(args: readonly string[]) {
    this.child = Bun.spawn([...pluginCommand, "dev", "--http", "127.0.0.1:0", ...args], {
      cwd: this.#directory.path,
      env: {},
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.out = new Lines(this.child.stdout);
  }

  /** Resolves with the first line that matches, past ones included. */
  line(pattern: RegExp): Promise<string> {
    return this.out.waitForText(pattern);
  }

  /** Where its JSON-RPC is. */
  async rpc(): Promise<string> {
    return (await this.line(/^JSON-RPC/)).split(/\s+/)[1] ?? "";
  }

  async call(method: string, params?: object): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(await this.rpc(), { method: "POST", headers, body });
    return ((await answer.json()) as { result?: unknown }).result;
  }

  async end(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): Promise<number | string> {
    this.child.kill(signal);
    const code = await within("its end", this.child.exited);
    return this.child.signalCode ?? code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
    this.#directory[Symbol.dispose]();
  }
}

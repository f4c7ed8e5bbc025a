import { within } from "../fake-node/deadline.ts";
import { Lines } from "../fake-node/lines.ts";
import { pluginCommand } from "./plugin-command.ts";

/** `timestampvm calendar`, as a shell runs it. */
export class CalendarProcess implements AsyncDisposable {
  readonly #child;
  readonly #out: Lines;

  constructor(node: string, ...args: readonly string[]) {
    const command = [...pluginCommand, "calendar", "--url", node, "--http", "127.0.0.1:0", ...args];
    this.#child = Bun.spawn(command, { env: {}, stdio: ["ignore", "pipe", "ignore"] });
    this.#out = new Lines(this.#child.stdout);
  }

  async url(): Promise<string> {
    return (await this.#out.waitForText(/^calendar /)).split(/\s+/)[1] ?? "";
  }

  async end(signal: "SIGINT" | "SIGKILL"): Promise<number | string> {
    this.#child.kill(signal);
    const code = await within("its end", this.#child.exited);
    return this.#child.signalCode ?? code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
  }
}

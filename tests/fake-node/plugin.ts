import { within } from "./deadline.ts";
import type { Handshake, Launched, PluginProcess } from "./launch.ts";
import type { LogLines } from "./log-lines.ts";
import { type NodeSide, PluginClient } from "./plugin-client.ts";
import { waysOf } from "./protocols.ts";
import { answerOn, frame } from "./raw-grpc.ts";

/** A plugin that we started: its services (`vm`, `ask`), what it gets of the node (`node`), and its process. */
export class Plugin extends PluginClient implements AsyncDisposable {
  /** The one that was started: of `under`, where that was given. */
  readonly process: PluginProcess;
  readonly handshake: Handshake;
  /** What it writes to standard error. */
  readonly log: LogLines;
  /** What it wrote to standard output beside the handshake, when it has ended. */
  readonly output: Promise<string>;
  readonly #launched: Launched;

  constructor(launched: Launched, handshake: Handshake, side: NodeSide) {
    super(handshake.addr, side);
    this.#launched = launched;
    this.process = launched.process;
    this.handshake = handshake;
    this.log = launched.log;
    this.output = launched.output;
  }

  /** As the node does behind the handshake: go-plugin opens two streams, and keeps them as long as the plugin lives. */
  async open(): Promise<void> {
    if (waysOf(this.protocol).starts === "go-plugin") await this.#openStreams();
  }

  /** The exit code, or the signal that ended it. */
  get exit(): Promise<number | string> {
    const { exited } = this.process;
    return within(
      "the plugin's end",
      exited.then((code) => this.process.signalCode ?? code),
    );
  }

  /** Ends it as the node does with a chain. Gives the exit code. A node kills what takes seconds; here the machine may be busy. */
  async shutDown(): Promise<number | string> {
    await this.vm.shutdown({});
    await this.node[Symbol.asyncDispose]();
    return this.stop();
  }

  /** Ends it as the node does with what is no chain, when it leaves itself. */
  async stop(): Promise<number | string> {
    const { stopSignal } = waysOf(this.protocol);
    if (stopSignal === undefined) await this.#leaveGoPlugin();
    this.close();
    if (stopSignal !== undefined) this.process.kill(stopSignal);
    return this.exit;
  }

  /** Ends it as a crash does. */
  async kill9(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#launched[Symbol.asyncDispose]();
  }

  /** "Unimplemented" is an answer too. */
  async #openStreams(): Promise<void> {
    const broker = await this.channel.open("/plugin.GRPCBroker/StartStream");
    const output = await this.channel.open("/plugin.GRPCStdio/StreamStdio");
    output.end(frame(new Uint8Array()));
    for (const stream of [broker, output]) {
      stream.on("error", () => {});
      stream.resume();
    }
  }

  /** What it answers does not matter: it has to leave. */
  async #leaveGoPlugin(): Promise<void> {
    const stream = await this.channel.open("/plugin.GRPCController/Shutdown");
    stream.on("error", () => {});
    stream.end(frame(new Uint8Array()));
    await answerOn(stream);
  }
}

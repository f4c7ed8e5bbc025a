import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { Subprocess } from "bun";
import { Health } from "../../gen/grpc/health/v1/health_pb.ts";
import { HTTP } from "../../gen/http/http_pb.ts";
import { type BuildBlockResponse, type InitializeRequestSchema, State, VM } from "../../gen/vm/vm_pb.ts";
import { within } from "./deadline.ts";
import { GrpcChannel } from "./grpc-peer.ts";
import type { LogLines } from "./log-lines.ts";

export type PluginProcess = Subprocess<"ignore", "pipe", "pipe">;
export type InitializeFields = MessageInitShape<typeof InitializeRequestSchema>;

/** What a plugin told the node. */
export interface Handshake {
  readonly protocolVersion: number;
  readonly addr: string;
}

/** The services of a running plugin, as its node calls them. */
export class PluginClient {
  readonly vm: Client<typeof VM>;
  readonly http: Client<typeof HTTP>;
  readonly health: Client<typeof Health>;
  readonly #channel: GrpcChannel;
  #httpChannel: Promise<GrpcChannel> | undefined;
  readonly #fields: InitializeFields;

  /** `address` is where it serves, `fields` what the node says at Initialize. */
  constructor(address: string, fields: InitializeFields) {
    this.#fields = fields;
    this.#channel = new GrpcChannel(address);
    this.vm = this.#channel.client(VM);
    this.http = {
      handleSimple: async (request, options) => (await this.#connectHttp()).handleSimple(request, options),
      handle: async (request, options) => (await this.#connectHttp()).handle(request, options),
    };
    this.health = this.#channel.client(Health);
  }

  /** Where CreateHandlers says, as the node does. */
  async #connectHttp(): Promise<Client<typeof HTTP>> {
    this.#httpChannel ??= this.vm.createHandlers({}).then(({ handlers: [handler] }) => {
      return new GrpcChannel(handler?.serverAddr ?? "");
    });
    return (await this.#httpChannel).client(HTTP);
  }

  initialize(fields: InitializeFields = {}) {
    return this.vm.initialize({ ...this.#fields, ...fields } as InitializeFields);
  }

  /** As the node does when the chain is up to date. */
  async toNormalOperation(): Promise<void> {
    const { lastAcceptedId } = await this.vm.setState({ state: State.BOOTSTRAPPING });
    await this.vm.setPreference({ id: lastAcceptedId });
    await this.vm.setState({ state: State.NORMAL_OP });
  }

  async start(fields: InitializeFields = {}): Promise<void> {
    await this.initialize(fields);
    await this.toNormalOperation();
  }

  /** Calls a JSON-RPC method; gives its result. */
  async call(method: string, params: object = []): Promise<Record<string, unknown>> {
    const request = { jsonrpc: "2.0", id: 1, method, params };
    const { body } = await this.http.handleSimple({
      method: "POST",
      url: "/ext/bc/2VCAhX6vE3UnXC6s1CBPE6jJ4c4cHWMfPgTQrjxLLAPMdzMZ3S/rpc",
      requestHeaders: [{ key: "Content-Type", values: ["application/json"] }],
      body: new TextEncoder().encode(JSON.stringify(request)),
    });
    const { result, error } = JSON.parse(new TextDecoder().decode(body)) as {
      result?: Record<string, unknown>;
      error?: { message: string };
    };
    if (result === undefined) throw new Error(error?.message ?? "no answer");
    return result;
  }

  async propose(text: string): Promise<void> {
    await this.call("proposeBlock", [{ data: new TextEncoder().encode(text).toBase64() }]);
  }

  /** A block from proposal to preference, as the engine leads it. */
  async proposeAndVerify(text: string): Promise<BuildBlockResponse> {
    await this.propose(text);
    await this.vm.waitForEvent({});
    const block = await this.vm.buildBlock({});
    await this.vm.blockVerify({ bytes: block.bytes });
    await this.vm.setPreference({ id: block.id });
    return block;
  }

  async proposeAndAccept(text: string): Promise<BuildBlockResponse> {
    const block = await this.proposeAndVerify(text);
    await this.vm.blockAccept({ id: block.id });
    return block;
  }

  /** Ends the connection. */
  close(): void {
    this.#channel[Symbol.dispose]();
    void this.#httpChannel?.then((channel) => channel[Symbol.dispose]());
  }
}

/** A plugin that we started: its services, and its process. */
export class Plugin extends PluginClient implements AsyncDisposable {
  readonly process: PluginProcess;
  readonly handshake: Handshake;
  readonly log: LogLines;
  /** What it wrote to standard output, when it has ended. */
  readonly output: Promise<string>;

  constructor(process: PluginProcess, handshake: Handshake, log: LogLines, fields: InitializeFields) {
    super(handshake.addr, fields);
    this.process = process;
    this.handshake = handshake;
    this.log = log;
    this.output = process.stdout.text();
  }

  /** The exit code, or the signal that ended it. */
  get exit(): Promise<number | string> {
    const { exited } = this.process;
    return within(
      "the plugin's end",
      exited.then((code) => this.process.signalCode ?? code),
    );
  }

  /** Ends it as the node does. Gives the exit code. */
  async shutDown(): Promise<number | string> {
    await this.vm.shutdown({});
    this.process.kill("SIGTERM");
    return this.exit;
  }

  /** Ends it as a crash does. */
  async kill9(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.kill9();
  }
}

import { Code, ConnectError } from "@connectrpc/connect";
import type { Subprocess } from "bun";
import { Runtime } from "../../gen/vm/runtime/runtime_pb.ts";
import { within } from "./deadline.ts";
import { goPluginEnvironment, runtimeEnvironment } from "./environment.ts";
import { GrpcPeer } from "./grpc-peer.ts";
import { LogLines } from "./log-lines.ts";
import { releaseOf, waysOf } from "./protocols.ts";

/** A process with both of its outputs as streams. */
export type PluginProcess = Subprocess<"ignore", "pipe", "pipe">;

/** What a plugin said to the node. */
export interface Handshake {
  readonly protocolVersion: number;
  /** Where it serves vm.VM, `host:port`. */
  readonly addr: string;
}

/** A plugin that was started, as a node of one protocol does that. */
export interface Launched extends AsyncDisposable {
  readonly process: PluginProcess;
  readonly log: LogLines;
  /** Rejects when the plugin exits without one, or when it speaks another protocol. */
  readonly handshake: Promise<Handshake>;
  /** What it wrote to standard output beside the handshake, when it has ended. */
  readonly output: Promise<string>;
}

/** How to start a plugin. */
export interface LaunchOptions {
  readonly protocol: number;
  /** Where it runs. It is the home directory of the node too. */
  readonly directory: string;
  /** Where it finds a place for temporary files. */
  readonly temporary: string;
  /** The VM's program and what is behind it. */
  readonly command: readonly string[];
  /** The VM's name. */
  readonly name: string;
  /** Another program, which gets the plugin's command line. */
  readonly under: readonly string[];
  /** The protocol that an operator names, which may be the wrong one. Not for go-plugin. */
  readonly namedProtocol?: number;
}

/** Starts a plugin as a node of its protocol does: with go-plugin until 22, with a runtime of its own from 23 on. */
export function launch(options: LaunchOptions): Promise<Launched> {
  return waysOf(options.protocol).starts === "go-plugin" ? launchGoPlugin(options) : launchWithRuntime(options);
}

/** The first line of standard output says all (go-plugin v1.4.4, client.go:657-774). */
async function launchGoPlugin({ protocol, directory, command, under }: LaunchOptions): Promise<Launched> {
  const child = spawnPlugin([...under, ...command], directory, goPluginEnvironment(protocol, directory));
  const log = new LogLines(child.stderr);
  const lines = new FirstLine(child.stdout);
  const handshake = lines.first.then((line) => {
    if (line === undefined) return left(child, log);
    return parseGoPluginLine(line, protocol);
  });
  return {
    process: child,
    log,
    handshake: within("the handshake", handshake),
    output: lines.rest,
    [Symbol.asyncDispose]: () => kill(child),
  };
}

/** `1|22|tcp|127.0.0.1:1234|grpc`. Throws in go-plugin's words. */
export function parseGoPluginLine(line: string, protocol: number): Handshake {
  const [core, version, network, addr, kind = "netrpc"] = line.trim().split("|");
  if (addr === undefined) throw new Error(`Unrecognized remote plugin message: ${line}`);
  if (core !== "1") throw new Error(`Incompatible core API version with plugin. Plugin version: ${core}`);
  if (version !== `${protocol}`) {
    throw new Error(`Incompatible API version with plugin. Plugin version: ${version}, Client versions: [${protocol}]`);
  }
  if (network !== "tcp") throw new Error(`Unknown address type: ${addr}`);
  if (kind !== "grpc") throw new Error(`Unsupported plugin protocol "${kind}". Supported: [grpc]`);
  return { protocolVersion: Number(version), addr };
}

/** The plugin calls the node, once: what a second call gets is the answer of the first. */
async function launchWithRuntime(options: LaunchOptions): Promise<Launched> {
  const { protocol, directory, temporary, command, name, under, namedProtocol = protocol } = options;
  const { refusal, stopSignal } = waysOf(protocol);
  const shaken = Promise.withResolvers<Handshake>();
  let answer: string | undefined;
  const runtime = await GrpcPeer.listen((router) => {
    router.service(Runtime, {
      initialize: ({ protocolVersion, addr }) => {
        const plugin = { path: command[0] ?? "", protocol: protocolVersion };
        const isOther = protocolVersion !== protocol;
        answer ??= isOther ? refusal({ release: releaseOf(protocol), protocol }, plugin) : "";
        if (answer === "") shaken.resolve({ protocolVersion, addr });
        else {
          shaken.reject(new Error(answer));
          child.kill(stopSignal);
          throw new ConnectError(answer, Code.Unknown);
        }
        return {};
      },
    });
  });
  const environment = { ...runtimeEnvironment(name, namedProtocol, runtime.address), TMPDIR: temporary };
  const child = spawnPlugin([...under, ...command], directory, environment);
  const log = new LogLines(child.stderr);
  const handshake = within("the handshake", Promise.race([shaken.promise, child.exited.then(() => left(child, log))]));
  handshake.catch(() => {});
  return {
    process: child,
    log,
    handshake,
    output: child.stdout.text(),
    [Symbol.asyncDispose]: async () => {
      await kill(child);
      await runtime[Symbol.asyncDispose]();
    },
  };
}

/** The process alone. */
export function spawnPlugin(command: readonly string[], cwd: string, env: Record<string, string>): PluginProcess {
  return Bun.spawn([...command], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
}

async function left(child: PluginProcess, log: LogLines): Promise<never> {
  const code = await child.exited;
  throw new Error(`the plugin exited with ${child.signalCode ?? code}: ${log.text.join("\n")}`);
}

async function kill(child: PluginProcess): Promise<void> {
  child.kill("SIGKILL");
  await child.exited;
}

/** A text up to its first line, and behind it. */
class FirstLine {
  /** Without its end; undefined when there is none. */
  readonly first: Promise<string | undefined>;
  readonly rest: Promise<string>;

  constructor(stream: ReadableStream<Uint8Array>) {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.first = promise;
    this.rest = this.#read(stream, resolve);
  }

  async #read(stream: ReadableStream<Uint8Array>, found: (line: string | undefined) => void): Promise<string> {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true });
      if (text.includes("\n")) found(text.slice(0, text.indexOf("\n")));
    }
    found(undefined);
    return text.slice(text.indexOf("\n") + 1);
  }
}

import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Block } from "../core/block.ts";
import type { LogLevel } from "../core/config.ts";
import { formatExactJson } from "../core/exact-json.ts";
import { formatGenesis } from "../core/genesis.ts";
import { maxDataBytes } from "../core/proposal.ts";
import type { DevChain } from "../dev/dev-chain.ts";
import { Log } from "../log.ts";
import { databaseFileName } from "../store/database.ts";
import { expectOpenFiles } from "../store/open-files.ts";
import type { About } from "./about.ts";
import { readData } from "./subject.ts";
import { countOf } from "./terminal/counts.ts";
import type { Output } from "./terminal/output.ts";
import { createPaint, type Paint } from "./terminal/paint.ts";
import { formatTime } from "./terminal/show.ts";

interface DevCommandOptions {
  readonly http: { readonly host: string; readonly port: number };
  readonly dataDir?: string;
  readonly genesis: string;
  readonly blockInterval: number;
  readonly logLevel: LogLevel;
  readonly json?: boolean;
}

/** A chain without AvalancheGo, for trying and for developing against. It serves until a signal ends it. */
export function addDevCommand(program: Command, about: About, output: Output): void {
  program
    .command("dev")
    .description("serve a development chain: one process, no peers, no consensus")
    .addOption(
      new Option("--http <host:port>", "where to listen; the next free port when it is taken")
        .argParser(parseAddress)
        .default(defaultAddress, `${defaultAddress.host}:${defaultAddress.port}`),
    )
    .option("--data-dir <dir>", "keep the chain there (default: in memory)")
    .option("--genesis <text>", "what the first block carries, @FILE for the contents of a file", "development chain")
    .option("--block-interval <ms>", "milliseconds between blocks at least", parseMilliseconds, 0)
    .addOption(new Option("--log-level <level>", "what is logged").choices(logLevels).default("warn"))
    .option("--json", "print one JSON object a line")
    .action((options: DevCommandOptions) => serve(options, about, output));
}

const defaultAddress = { host: "127.0.0.1", port: 9650 };
const logLevels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

async function serve(options: DevCommandOptions, about: About, output: Output): Promise<void> {
  const { out, err, isColoured, onEnd } = output;
  expectOpenFiles();
  const { startDevChain } = await import("../dev/dev-chain.ts"); // the other commands need no API
  const { http, dataDir, genesis, blockInterval, logLevel } = options;
  const log = new Log((line) => err(`${line}\n`));
  log.setLevel(logLevel);
  const printer = options.json ? jsonPrinter(out) : textPrinter(out, createPaint(isColoured));
  const chain = await startDevChain({
    ...http,
    file: dataDir === undefined ? ":memory:" : join(dataDir, databaseFileName),
    genesisBytes: new TextEncoder().encode(formatGenesis(readGenesis(genesis, output))),
    config: { minBlockIntervalMs: blockInterval },
    version: about.version,
    protocolVersion: about.protocols.default,
    log,
    onAccepted: printer.printBlock,
  });
  printer.printStart(chain, http.port, dataDir);
  onEnd?.(chain.close);
}

function readGenesis(text: string, output: Output): string {
  if (!text.startsWith("@")) return text;
  return utf8.decode(readData({ kind: "file", path: text.slice(1) }, maxDataBytes, output).data);
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

function parseAddress(text: string): DevCommandOptions["http"] {
  const [, host, port] = /^(.*?):?(\d+)$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) throw new InvalidArgumentError("it is no HOST:PORT.");
  return { host: host || defaultAddress.host, port: Number(port) };
}

function parseMilliseconds(text: string): number {
  if (!/^\d{1,7}$/.test(text) || Number(text) > 3_600_000) throw new InvalidArgumentError("not from 0 to 3600000.");
  return Number(text);
}

interface Printer {
  readonly printStart: (chain: DevChain, wantedPort: number, dataDir: string | undefined) => void;
  readonly printBlock: (block: Block) => void;
}

function jsonPrinter(out: Output["out"]): Printer {
  const print = (event: string, fields: object) => out(`${formatExactJson({ event, ...fields })}\n`);
  return {
    printStart: ({ notice, url, rpc, explorer, genesis, lastAccepted }, _wantedPort, dataDir) => {
      const { id: chain } = genesis;
      print("started", { notice, url, rpc, explorer, chain, height: lastAccepted.height, dataDir: dataDir ?? null });
    },
    printBlock: ({ id, height, timestamp, data }) => print("block", { height, timestamp, bytes: data.length, id }),
  };
}

function textPrinter(out: Output["out"], paint: Paint): Printer {
  return {
    printStart: (chain, wantedPort, dataDir) => {
      const { notice, url, rpc, explorer, port, genesis, lastAccepted } = chain;
      if (port !== wantedPort && wantedPort !== 0)
        out(paint("yellow", `Port ${wantedPort} is taken: this is ${port}.\n\n`));
      out(`${paint("bold", "timestampvm dev")}  ${notice}\n\n`);
      out(`page      ${explorer}\n`);
      out(`JSON-RPC  ${rpc}\n`);
      out(`          ${url}/ext/bc/${genesis.id}/rpc\n`);
      out(`health    ${url}/ext/health\n`);
      out(`data      ${dataDir ?? "in memory; gone with this process (keep it with --data-dir DIR)"}\n`);
      out(`height    ${lastAccepted.height}\n\n`);
      out(`Try, in another terminal:\n\n${examples(rpc).join("\n")}\n\nCtrl-C ends it.\n\n`);
    },
    printBlock: ({ id, height, timestamp, data }) => {
      const time = formatTime(timestamp);
      out(`${paint("green", `block ${height}`)}  ${time}  ${countOf(data.length, "byte")}  ${paint("dim", id)}\n`);
    },
  };
}

/** Each works as it stands. */
function examples(rpc: string): string[] {
  return [
    `{"jsonrpc":"2.0","id":1,"method":"stamp","params":{"data":"aGVsbG8gd29ybGQ="}}`,
    `{"jsonrpc":"2.0","id":2,"method":"getReceipt","params":{"id":"${helloDigest}","waitMs":10000}}`,
    `{"jsonrpc":"2.0","id":3,"method":"find","params":{"data":"aGVsbG8gd29ybGQ="}}`,
  ].map((request) => `  curl -s -H 'content-type: application/json' --data '${request}' ${rpc}`);
}

/** SHA-256 of "hello world", which is aGVsbG8gd29ybGQ= in base64. */
const helloDigest = "0xb94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";

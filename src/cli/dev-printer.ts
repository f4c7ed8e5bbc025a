import type { Block } from "../core/block.ts";
import { formatIsoTime, formatSize } from "../core/format.ts";
import type { DevChain } from "../dev/dev-chain.ts";
import type { Output } from "./terminal/output.ts";

/** Prints what happens on a development chain. */
export interface Printer {
  readonly printStart: (chain: DevChain, start: Start) => void;
  readonly printBlock: (block: Block) => void;
}

/** How a development chain was started. */
export interface Start {
  readonly wantedPort: number;
  /** Undefined for a chain in memory. */
  readonly dataDir: string | undefined;
  /** The URL of its calendar; undefined for none. */
  readonly calendar: string | undefined;
}

/** For programs: one JSON object a line. */
export function jsonPrinter({ json }: Output): Printer {
  return {
    printStart: ({ notice, url, rpc, explorer, genesis, lastAccepted: { height } }, { dataDir, calendar }) =>
      json({
        event: "started",
        notice,
        url,
        rpc,
        explorer,
        health: healthOf(url),
        chain: genesis.id,
        height,
        dataDir: dataDir ?? null,
        calendar: calendar ?? null,
      }),
    printBlock: ({ id, height, timestamp, data }) =>
      json({ event: "block", height, timestamp, bytes: data.length, id }),
  };
}

/** For people. */
export function textPrinter({ out, paint, program = ["timestampvm"] }: Output): Printer {
  return {
    printStart: (chain, { wantedPort, dataDir, calendar }) => {
      const { notice, url, rpc, explorer, port, genesis, lastAccepted } = chain;
      if (port !== wantedPort && wantedPort !== 0)
        out(paint("yellow", `Port ${wantedPort} is taken: this is ${port}.\n\n`));
      out(`${paint("bold", "timestampvm dev")}  ${notice}\n\n`);
      out(`page      ${explorer}\n`);
      out(`JSON-RPC  ${rpc}\n`);
      out(`          ${url}/ext/bc/${genesis.id}/rpc\n`);
      out(`health    ${healthOf(url)}\n`);
      if (calendar !== undefined) out(`calendar  ${calendar}\n`);
      out("metrics   none: a node has them, at /ext/metrics\n");
      out("log       on standard error; more of it with --log-level debug\n");
      out(`data      ${dataDir ?? "in memory; gone with this process (keep it with --data-dir DIR)"}\n`);
      out(`height    ${lastAccepted.height}\n\n`);
      const examples = [stampExample(program, url), ...curlExamples(rpc)].map((line) => `  ${line}\n`).join("");
      out(`Try, in another terminal:\n\n${examples}\nCtrl-C ends it.\n\n`);
    },
    printBlock: ({ id, height, timestamp, data }) => {
      const time = formatIsoTime(timestamp);
      out(`${paint("green", `block ${height}`)}  ${time}  ${formatSize(data.length)}  ${paint("dim", id)}\n`);
    },
  };
}

function healthOf(url: string): string {
  return `${url}/ext/health`;
}

// Commands that can be pasted into a shell.

function stampExample(program: readonly string[], url: string): string {
  return `date > /tmp/now.txt && ${program.map(quote).join(" ")} stamp /tmp/now.txt --url ${url}`;
}

/** A word as a shell reads it. */
function quote(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function curlExamples(rpc: string): string[] {
  return [
    `{"jsonrpc":"2.0","id":1,"method":"stamp","params":{"data":"aGVsbG8gd29ybGQ="}}`,
    `{"jsonrpc":"2.0","id":2,"method":"getReceipt","params":{"id":"${helloDigest}","waitMs":10000}}`,
    `{"jsonrpc":"2.0","id":3,"method":"find","params":{"data":"aGVsbG8gd29ybGQ="}}`,
  ].map((request) => `curl -s -H 'content-type: application/json' --data '${request}' ${rpc}`);
}

/** SHA-256 of "hello world", which the examples send in base64. */
const helloDigest = "0xb94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";

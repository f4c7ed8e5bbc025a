import { type Command, InvalidArgumentError, Option } from "commander";
import { messageOf } from "../avalanche/coded-error.ts";
import { readUri } from "../calendar/uri.ts";
import type { CallApi } from "../client/client.ts";
import { fetchServedChain, type ServedChain } from "../client/confirmed-block.ts";
import { hideSecrets } from "../client/endpoint.ts";
import type { Address } from "../core/address.ts";
import { escapeLine } from "../core/printable.ts";
import { expectOpenFiles } from "../store/open-files.ts";
import { CommandFailed } from "./command-failed.ts";
import { expectNotEmpty } from "./expect-meant.ts";
import { helpAfter } from "./help.ts";
import { addLogOptions, createLog, type LogOptions } from "./log-options.ts";
import { addUrlOption, namedChain } from "./node/connection.ts";
import type { Output } from "./terminal/output.ts";
import { addressParser } from "./terminal/parse-option.ts";

interface CalendarOptions extends LogOptions {
  readonly http: Address;
  readonly uri?: string;
  readonly rate: number;
}

/** The port is that of OpenTimestamps' own calendar. */
const defaultAddress = { host: "127.0.0.1", port: 14788 };

/** Reads where a calendar listens. */
export const parseCalendarAddress: (text: string) => Address = addressParser(defaultAddress.port);

/** Requests a second from one address. */
export const defaultRate = 1_000;

/** Adds `calendar`, which serves clients of OpenTimestamps in front of a node until a signal ends it. */
export function addCalendarCommand(program: Command, output: Output): void {
  const command = program
    .command("calendar")
    .description("serve clients of OpenTimestamps: many digests in one block, and a whole proof in each answer")
    .addOption(
      new Option("--http <host:port>", "the address to listen on, or only its host or port")
        .argParser(parseCalendarAddress)
        .default(defaultAddress, `${defaultAddress.host}:${defaultAddress.port}`),
    );
  addUrlOption(command)
    .addOption(
      new Option(
        "--uri <url>",
        "where clients everywhere reach this calendar: goes into each proof, and cannot be changed there",
      ).argParser(parseUri),
    )
    .addOption(
      new Option("--rate <n>", "requests a second from one address").argParser(parseRate).default(defaultRate),
    );
  addLogOptions(command)
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "It keeps nothing on disk. A proof is whole when the client gets it, and lies in the client's file alone; " +
            "the block is on the chain. So a calendar can be ended and started again at any time.",
          "With --uri, a client whose block does not come within 3.5 s gets a proof without a block, which " +
            "`timestampvm upgrade` completes later. Without it, the client is refused, and stamps again.",
          "Ctrl-C ends it, when those who wait have their answers.",
        ],
        examples: ["timestampvm calendar --http 127.0.0.1:14788 --url 127.0.0.1:9650"],
        exitCodes: { 0: "ended by Ctrl-C", 1: "the address cannot be used" },
      }),
    )
    .action((options: CalendarOptions, command: Command) => serve(options, command, output));
}

async function serve(options: CalendarOptions, command: Command, output: Output) {
  expectOpenFiles();
  const { startCalendar } = await import("../calendar/calendar.ts"); // only this command serves one
  const { http, uri, rate, json } = options;
  const log = createLog(options, output);
  const chain = namedChain(command, output.environment ?? {});
  const served = await findServed(chain.call, output);
  const calendar = await startCalendar({ address: http, call: chain.call, uri, maxRate: rate, log });
  output.onEnd?.(calendar.close);
  if (uri !== undefined && !uri.startsWith("https:")) output.err(`note: ${plainNote}\n`);
  const node = hideSecrets(chain.url());
  const id = served?.chain ?? null;
  if (json) return output.json({ event: "started", url: calendar.url, uri: uri ?? null, node, chain: id });
  const { url } = calendar;
  output.out(`${output.paint("bold", "timestampvm calendar")}\n\n`);
  output.out(`calendar  ${url}\n`);
  output.out(`node      ${node}\n`);
  output.out(`chain     ${id ?? "not known yet"}\n`);
  output.out(`in proofs ${uri ?? "no address of this calendar: give --uri"}\n`);
  output.out(`health    ${url}/health\n`);
  output.out(`metrics   ${url}/metrics\n\n`);
  output.out(`Try, with the stock client of OpenTimestamps:\n\n  ots stamp -m 1 -c ${url} FILE\n\nCtrl-C ends it.\n`);
}

/** Undefined for a node that is not at work: it may be later. Rejects with "command failed" if it has no such chain. */
async function findServed(call: CallApi, output: Output): Promise<ServedChain | undefined> {
  try {
    const served = await fetchServedChain((method, params) => call(method, params, AbortSignal.timeout(startMs)));
    if (served.notice !== undefined) output.err(`note: ${escapeLine(served.notice)}\n`);
    return served;
  } catch (error) {
    if (error instanceof CommandFailed) throw error;
    output.err(`note: clients are refused until the node is at work: ${escapeLine(messageOf(error))}\n`);
    return undefined;
  }
}

/** Milliseconds for the node's first answer. */
const startMs = 5_000;

const plainNote =
  "--uri is not https: some clients cannot read proofs with such an address. It is right for this machine alone";

function parseUri(text: string): string {
  expectNotEmpty(text);
  const read = readUri(text);
  if ("problem" in read) throw new InvalidArgumentError(`${read.problem}.`);
  return read.uri;
}

function parseRate(text: string): number {
  expectNotEmpty(text);
  if (!/^\d{1,7}$/.test(text) || Number(text) < 1)
    throw new InvalidArgumentError("not a whole number from 1 to 9999999.");
  return Number(text);
}

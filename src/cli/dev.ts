import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Calendar } from "../calendar/calendar.ts";
import { createClient } from "../client/client.ts";
import { type Address, usualPort } from "../core/address.ts";
import { formatGenesis, parseGenesis } from "../core/genesis.ts";
import { maxDataBytes } from "../core/proposal.ts";
import type { DevChain } from "../dev/dev-chain.ts";
import type { Log } from "../log.ts";
import { databaseFileName } from "../store/database.ts";
import { expectOpenFiles } from "../store/open-files.ts";
import { inMemory } from "../store/shared-database.ts";
import type { About } from "./about.ts";
import { absolutePath } from "./absolute-path.ts";
import { defaultRate, parseCalendarAddress } from "./calendar.ts";
import { CommandFailed } from "./command-failed.ts";
import { upgradeIfOld } from "./db/upgrade.ts";
import { jsonPrinter, textPrinter } from "./dev-printer.ts";
import { expectNotEmpty } from "./expect-meant.ts";
import { helpAfter } from "./help.ts";
import { addLogOptions, createLog, type LogOptions } from "./log-options.ts";
import { readData } from "./read-source.ts";
import type { Output } from "./terminal/output.ts";
import { addressParser } from "./terminal/parse-option.ts";

interface DevCommandOptions extends LogOptions {
  readonly http: Address;
  readonly allowHost: readonly string[];
  readonly calendar?: Address;
  readonly dataDir?: string;
  readonly genesis: string;
  readonly blockInterval: number;
}

/** Adds `dev`, which serves a chain without AvalancheGo until a signal ends it. */
export function addDevCommand(program: Command, about: About, output: Output): void {
  const command = program
    .command("dev")
    .description("run a development chain on this machine: one process, no peers, no consensus")
    .addOption(
      new Option(
        "--http <host:port>",
        "the address to listen on, or only its host or port; if the port is taken, the next free one",
      )
        .argParser(addressParser(usualPort))
        .default(defaultAddress, `${defaultAddress.host}:${defaultAddress.port}`),
    )
    .addOption(
      new Option(
        "--allow-host <name>",
        "answer to this host name too, beside localhost and IP addresses; may be repeated; * is every name",
      )
        .argParser(addHost)
        .default([], "none"),
    )
    .addOption(
      new Option(
        "--calendar <host:port>",
        "serve clients of OpenTimestamps there as well, as `timestampvm calendar` does",
      ).argParser(parseCalendarAddress),
    )
    .option("--data-dir <dir>", "keep the chain in this directory, which may be missing (default: in memory)")
    .option(
      "--genesis <text>",
      "the data of the first block; @FILE reads it from a file, which may be empty",
      "development chain",
    )
    .option("--block-interval <ms>", "at least so many milliseconds between two blocks", parseMilliseconds, 0);
  addLogOptions(command)
    .addHelpText(
      "after",
      helpAfter({
        notes: ["Ctrl-C ends it. A chain in --data-dir goes on when the command is run again."],
        examples: ["timestampvm dev", "timestampvm dev --data-dir chain"],
        exitCodes: { 0: "ended by Ctrl-C", 1: "the address, the directory or the file cannot be used" },
      }),
    )
    .action((options: DevCommandOptions) => serve(options, about, output));
}

const defaultAddress = { host: "127.0.0.1", port: usualPort };

async function serve(options: DevCommandOptions, about: About, output: Output): Promise<void> {
  expectOpenFiles();
  const { startDevChain } = await import("../dev/dev-chain.ts"); // only this command needs the API
  const { expectNoOtherChain } = await import("../vm/open.ts");
  const { http, dataDir, blockInterval } = options;
  const log = createLog(options, output);
  const printer = options.json ? jsonPrinter(output) : textPrinter(output);
  const file = dataDir === undefined ? inMemory : join(absolutePath(dataDir), databaseFileName);
  const genesisBytes = new TextEncoder().encode(formatGenesis(readGenesis(options.genesis, output)));
  upgradeIfOld(file, (reader) => expectNoOtherChain(reader, parseGenesis(genesisBytes)), output);
  const chain = await startDevChain({
    ...http,
    allowedHosts: options.allowHost,
    file,
    genesisBytes,
    config: { minBlockIntervalMs: blockInterval },
    version: about.version,
    protocol: about.protocols.default,
    log,
    startBackup: output.startBackup,
    onAccepted: printer.printBlock,
  });
  try {
    const calendar = options.calendar && (await startCalendar(options.calendar, chain, log));
    output.onEnd?.(async () => {
      await calendar?.close();
      await chain.close();
    });
    printer.printStart(chain, { wantedPort: http.port, dataDir, calendar: calendar?.url });
  } catch (error) {
    await chain.close();
    throw error;
  }
}

/** A calendar of this chain, for this machine: proofs do not name it. */
async function startCalendar(address: Address, { rpc }: DevChain, log: Log): Promise<Calendar> {
  const { startCalendar } = await import("../calendar/calendar.ts");
  return startCalendar({ address, call: createClient(rpc), uri: undefined, maxRate: defaultRate, log });
}

function readGenesis(text: string, output: Output): string {
  if (!text.startsWith("@")) return text;
  const path = text.slice(1);
  const { data } = readData({ kind: "file", path, name: path }, maxDataBytes, output);
  try {
    return utf8.decode(data);
  } catch {
    throw new CommandFailed(`${path}: it is not UTF-8, and the data of a first block is text`);
  }
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** Adds a host name to those that were given before. */
function addHost(text: string, before: readonly string[]): readonly string[] {
  expectNotEmpty(text);
  if (text !== "*" && !/^[\w.-]+$/.test(text)) throw new InvalidArgumentError("not a host name, which has no port.");
  return [...before, text];
}

function parseMilliseconds(text: string): number {
  expectNotEmpty(text);
  if (!/^\d{1,7}$/.test(text) || Number(text) > 3_600_000)
    throw new InvalidArgumentError("not a whole number from 0 to 3600000.");
  return Number(text);
}

import { type Command, InvalidArgumentError } from "commander";
import type { Receipt } from "../../client/contract.ts";
import { hideSecrets } from "../../client/endpoint.ts";
import { RpcError } from "../../client/rpc-error.ts";
import { systemClock, waitForReceipt } from "../../client/waiting.ts";
import { type Digest, digestOf, digestToBytes } from "../../core/digest.ts";
import { formatIsoTime, formatSize } from "../../core/format.ts";
import { maxDataBytes } from "../../core/proposal.ts";
import { CommandFailed, notYet } from "../command-failed.ts";
import { helpAfter } from "../help.ts";
import { type DescribedDigest, readData, readSubject } from "../read-source.ts";
import {
  addSource,
  emptyDataNote,
  expectSource,
  type NamedSource,
  type Source,
  type SourceOptions,
} from "../source.ts";
import type { Output } from "../terminal/output.ts";
import { formatRows } from "../terminal/rows.ts";
import { type Ask, addConnectionOptions, type ConnectionOptions, connect } from "./connection.ts";

interface StampOptions extends ConnectionOptions, SourceOptions {
  readonly data?: boolean;
  readonly wait: boolean;
  readonly timeout: number;
}

/** Stamps data or its SHA-256, and waits until a block with it is accepted. */
export function addStampCommand(program: Command, output: Output): void {
  const command = program
    .command("stamp")
    .description("stamp data: put its SHA-256 into a block, as evidence that it existed before later blocks");
  addSource(command)
    .option("--data", `put the data itself on the chain, where all can read it: at most ${formatSize(maxDataBytes)}`)
    .option("--no-wait", "exit when the node has it on its disk, and do not wait for a block")
    .option("--timeout <seconds>", "at most so many seconds to wait for the block", parseSeconds, 60);
  addConnectionOptions(command)
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "Data that is on the chain, or whose SHA-256 is, is not stamped again: the command prints its first " +
            "stamp, which proves more. The receipt is the SHA-256 of what the chain carries: of the data, or of " +
            "the 32 bytes of its SHA-256.",
          emptyDataNote,
        ],
        examples: [
          "timestampvm stamp report.pdf",
          'echo "what I think today" | timestampvm stamp',
          'timestampvm stamp --data --text "for all to read"',
        ],
        exitCodes: {
          1: "the node was not reached, or refused",
          3: "not accepted within --timeout: the node keeps it, and stamps it later",
        },
      }),
    )
    .action((file: NamedSource | undefined, options: StampOptions, command: Command) =>
      stamp(expectSource(file, options, command, output), options, command, output),
    );
}

function parseSeconds(text: string): number {
  if (!/^\d{1,6}(\.\d+)?$/.test(text)) throw new InvalidArgumentError("not a number of seconds.");
  return Number(text);
}

async function stamp(source: Source, options: StampOptions, command: Command, output: Output): Promise<void> {
  const { json, wait, timeout, url } = options;
  const { ask } = connect(command, output);
  const { subject, known, send } = readStamp(source, options, command, output);
  const before = await known(ask);
  const sent = before ?? (await send(ask));
  const later = `The node keeps it; see later: ${findCommand(subject.digest, url)}`;
  const receipt = wait
    ? await waitUntilAccepted(ask, sent, timeout * 1_000, output).catch(
        failWith(`The stamp was taken before. ${later}`),
      )
    : sent;
  if (json) output.json({ digest: `0x${subject.digest}`, ...receipt });
  else {
    const rest = before === undefined ? "" : "It was on the chain before: nothing new was stamped.\n";
    output.out(`${formatReceipt(subject, receipt, output)}${rest}`);
  }
  if (receipt.status === "unknown") throw new CommandFailed("the node has dropped it: it waited for too long");
  if (wait && receipt.status !== "accepted") {
    throw new CommandFailed(`not accepted within ${timeout} s. ${later}`, notYet);
  }
}

interface Stamp {
  readonly subject: DescribedDigest;
  /** The receipt of an earlier stamp; undefined when there is none. */
  readonly known: (ask: Ask) => Promise<Receipt | undefined>;
  readonly send: (ask: Ask) => Promise<Receipt>;
}

function readStamp(source: Source, options: StampOptions, command: Command, output: Output): Stamp {
  if (!options.data) {
    const subject = readSubject(source, output);
    const digest = `0x${subject.digest}`;
    return {
      subject,
      known: (ask) => findReceipt(ask, subject.digest),
      send: (ask) => ask("stamp", { digest }),
    };
  }
  if (source.kind === "digest") return command.error("error: --data needs the data, not its digest");
  const { data, description } = readData(source, maxDataBytes, output);
  const subject = { digest: digestOf(data), description };
  return {
    subject,
    known: async (ask) => {
      const receipt = await ask("getReceipt", { id: subject.digest });
      return receipt.status === "accepted" ? receipt : undefined;
    },
    send: (ask) => ask("stamp", { data: `0x${data.toHex()}` }),
  };
}

/** The receipt for the first block with the data or its digest, since the first one proves most. */
async function findReceipt(ask: Ask, digest: Digest): Promise<Receipt | undefined> {
  const [first] = (await ask("find", { digest, limit: 1 })).blocks;
  if (first === undefined) return undefined;
  const { id, height, timestamp, claim, firstSight, reencoded, match } = first;
  const receiptId = match === "data" ? digest : digestOf(digestToBytes(digest));
  return {
    id: `0x${receiptId}`,
    status: "accepted",
    block: { id, height, timestamp, claim, firstSight, reencoded },
  };
}

/** Gives the receipt of an accepted block, or the last one that the node gave within `ms` milliseconds. */
async function waitUntilAccepted(ask: Ask, sent: Receipt, ms: number, output: Output): Promise<Receipt> {
  const { clock = systemClock } = output;
  const start = performance.now();
  const progress = output.progress();
  const seconds = () => Math.floor((performance.now() - start) / 1_000);
  const timer = setInterval(() => progress.showText(() => `waiting for a block: ${seconds()} s`), progressMs);
  try {
    return await waitForReceipt(ask, sent, { clock, untilMs: clock.nowMs() + ms });
  } finally {
    clearInterval(timer);
    progress.clear();
  }
}

/** Milliseconds between two attempts to show progress. */
const progressMs = 250;

function formatReceipt(
  { digest, description }: DescribedDigest,
  { id, status, block }: Receipt,
  { paint }: Output,
): string {
  const stamped =
    block && `${paint("bold", formatIsoTime(block.timestamp))}  block ${block.id}  height ${block.height}`;
  return formatRows(
    [
      ["data", description],
      ["SHA-256", digest],
      ["receipt", id.replace(/^0x/, "")],
      ["stamped", stamped ?? `not yet: ${stateByStatus[status]}`],
    ],
    paint,
  );
}

const stateByStatus = {
  pending: "it is on the node's disk, and waits for a block",
  processing: "it is in a block that is not decided",
  unknown: "the node no longer knows it",
  accepted: "",
} as const;

/** Throws the same error with `comfort` added, which is true in spite of it. */
function failWith(comfort: string): (error: unknown) => never {
  return (error) => {
    const isFailure = error instanceof CommandFailed || error instanceof RpcError;
    throw isFailure ? new CommandFailed(`${error.message}\n${comfort}`) : error;
  };
}

function findCommand(digest: Digest, url: string | undefined): string {
  return `timestampvm find --digest ${digest}${url === undefined ? "" : ` --url ${hideSecrets(url)}`}`;
}

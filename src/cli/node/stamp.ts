import type { Command } from "commander";
import type { Receipt, StampedBlock } from "../../client/contract.ts";
import { hideSecrets } from "../../client/endpoint.ts";
import type { Digest } from "../../core/digest.ts";
import { formatIsoTime, formatSize } from "../../core/format.ts";
import { escapeLine } from "../../core/printable.ts";
import { maxDataBytes } from "../../core/proposal.ts";
import { describeDoubts, describeExistence } from "../../core/time-words.ts";
import { CommandFailed, notYet } from "../command-failed.ts";
import { helpAfter } from "../help.ts";
import type { DescribedDigest } from "../read-source.ts";
import {
  addSources,
  emptyDataNote,
  expectSources,
  type NamedSource,
  type Source,
  type SourceOptions,
  severalFilesNote,
} from "../source.ts";
import type { Output, Paint } from "../terminal/output.ts";
import { formatRows, type OutputRow } from "../terminal/rows.ts";
import { type Ask, addConnectionOptions, type Connection, type ConnectionOptions, connect } from "./connection.ts";
import { answerEach, type FileAnswer, FileFailed, nameOf } from "./each-file.ts";
import { readStamp, type SaltedReceipt, type Stamp, type Stamped, type Stamping, stampData } from "./stamping.ts";
import { claimNote, timeRows } from "./time-rows.ts";

interface StampOptions extends ConnectionOptions, SourceOptions {
  readonly data?: boolean;
  readonly wait: boolean;
}

/** Stamps data or its SHA-256, and waits until a block with it is accepted. */
export function addStampCommand(program: Command, output: Output): void {
  const command = program
    .command("stamp")
    .description("stamp data: put its SHA-256 into a block, as evidence that it existed before later blocks");
  addSources(command)
    .option("--data", `put the data itself on the chain, where all can read it: at most ${formatSize(maxDataBytes)}`)
    .option("--no-wait", "exit when the node has it on its disk, and do not wait for a block");
  addConnectionOptions(command, `30 for each answer, and ${defaultWaitSeconds} for the block`)
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "Data that is on the chain, or whose SHA-256 is, is not stamped again: the command prints its first " +
            "stamp, which proves more. The receipt is the SHA-256 of what the chain carries: of the data, or of " +
            "the 32 bytes of its SHA-256.",
          "If the node does not confirm the time of that stamp, somebody may have dated it back to take yours " +
            "away: then the SHA-256 is stamped a second time, with random bytes behind it. Keep that nonce with " +
            "the file: nobody finds the second stamp without it.",
          claimNote,
          severalFilesNote,
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
    .action(async (files: readonly NamedSource[], options: StampOptions, command: Command) => {
      const source = expectSources(files, options, command, output);
      const connection = connect(command, output);
      const stamping = stampingOf(connection, options);
      if (source.kind === "files") {
        return answerEach(source.files, (file, quiet) => stampFile(file, stamping, options, quiet), options, output);
      }
      if (options.data && source.kind === "digest") command.error("error: --data needs the data, not its digest");
      await stampOne(source, stamping, connection, options, output);
    });
}

/** Seconds. */
const defaultWaitSeconds = 60;

function stampingOf({ ask, leftMs }: Connection, { wait, timeout, url }: StampOptions): Stamping {
  const waitMs = timeout === undefined ? () => defaultWaitSeconds * 1_000 : leftMs;
  return { ask, waitMs: wait ? waitMs : undefined, later: (digest, salted) => describeLater(digest, salted, url) };
}

/** The nonce of a salted stamp is nowhere else. */
function describeLater(digest: Digest, salted: SaltedReceipt | undefined, url: string | undefined): string {
  const nonce = salted === undefined ? "" : ` --nonce ${salted.nonce}`;
  const where = url === undefined ? "" : ` --url ${hideSecrets(url)}`;
  return `The node keeps it; see later: timestampvm find --digest ${digest}${nonce}${where}`;
}

async function stampOne(
  source: Source,
  stamping: Stamping,
  { url }: Connection,
  options: StampOptions,
  output: Output,
): Promise<void> {
  const stamp = watchNonce(readStamp(source, options.data === true, output), (nonce) => note(nonce, source, output));
  const { subject } = stamp;
  const stamped = await stampData(stamping, stamp, output);
  const { salted, clockNote } = stamped;
  if (options.json) output.json(answerOf(subject, stamped));
  else output.out(formatStamped(subject, stamped, url(), output.paint));
  if (clockNote !== undefined) output.err(`note: ${clockNote}\n`);
  expectKept(stamped);
  if (options.wait && isWaiting(stamped)) {
    const { timeout = defaultWaitSeconds } = options;
    throw new CommandFailed(`not accepted within ${timeout} s. ${stamping.later(subject.digest, salted)}`, notYet);
  }
}

async function stampFile(
  file: NamedSource,
  stamping: Stamping,
  options: StampOptions,
  output: Output,
): Promise<FileAnswer> {
  let given: string | undefined;
  const stamp = watchNonce(readStamp(file, options.data === true, output), (nonce) => {
    given = nonce;
    note(nonce, file, output);
  });
  try {
    const stamped = await stampData(stamping, stamp, output);
    expectKept(stamped);
    return answerFor(file, stamp, stamped, options, output);
  } catch (error) {
    throw given === undefined ? error : new FileFailed(error, { nonce: given });
  }
}

function answerFor(
  file: NamedSource,
  { subject }: Stamp,
  stamped: Stamped,
  options: StampOptions,
  output: Output,
): FileAnswer {
  const { receipt, salted, blocks, clockNote, isNew } = stamped;
  const { block } = salted ?? receipt;
  const parts = [
    isWaiting(stamped) ? `not yet: ${stateByStatus[(salted ?? receipt).status]}` : describeExistence(blocks),
    block && `height ${block.height}`,
    salted && `nonce ${salted.nonce}: keep this nonce with the file`,
    !isNew && "nothing new was stamped",
  ];
  if (clockNote !== undefined) output.err(`note: ${escapeLine(nameOf(file))}: ${clockNote}\n`);
  return {
    line: parts.filter(Boolean).join("  "),
    values: [answerOf(subject, stamped)],
    isWaiting: options.wait && isWaiting(stamped),
  };
}

/** Calls `onNonce` with the nonce of a salted stamp once the node has taken it: whatever comes then, it is needed. */
function watchNonce(stamp: Stamp, onNonce: (nonce: string) => void): Stamp {
  const send = async (ask: Ask) => {
    const sent = await stamp.send(ask);
    if (sent.salted !== undefined) onNonce(sent.salted.nonce);
    return sent;
  };
  return { ...stamp, send };
}

function note(nonce: string, source: Source, output: Output): void {
  const isNamed = source.kind === "file" || source.kind === "input";
  output.err(`note: ${isNamed ? `${escapeLine(nameOf(source))}: ` : ""}nonce ${nonce}: keep it with the file\n`);
}

/** For programs: the API's answer, and the digest of the data. */
function answerOf({ digest }: DescribedDigest, { receipt, salted }: Stamped): object {
  return { digest: `0x${digest}`, ...receipt, ...(salted && { salted }) };
}

function isWaiting({ receipt, salted }: Stamped): boolean {
  return receipt.status !== "accepted" || (salted !== undefined && salted.status !== "accepted");
}

function expectKept({ receipt, salted }: Stamped): void {
  if (receipt.status === "unknown" || salted?.status === "unknown") {
    const nonce = salted === undefined ? "" : ` (nonce ${salted.nonce})`;
    throw new CommandFailed(`the node no longer knows it: it may have waited for too long${nonce}`);
  }
}

function formatStamped(
  { digest, description }: DescribedDigest,
  { receipt, salted, blocks, isNew }: Stamped,
  url: string,
  paint: Paint,
): string {
  const rows = formatRows(
    [
      ["data", description],
      ["SHA-256", digest],
      ...timeRows(blocks, url, paint),
      ...receiptRows(receipt),
      ...(salted === undefined ? [] : saltedRows(salted)),
    ],
    paint,
  );
  if (salted !== undefined) return `${rows}${whySalted}`;
  return `${rows}${isNew ? "" : "It was on the chain before: nothing new was stamped.\n"}`;
}

const whySalted =
  "Only blocks whose time this node does not confirm carry it: anybody may have put its SHA-256 there.\n" +
  "So it was stamped once more, together with the nonce: without that, nobody can find this stamp.\n";

function receiptRows({ id, status, block }: Receipt): readonly OutputRow[] {
  return [
    ["receipt", id.replace(/^0x/, "")],
    ["stamped", block === undefined ? `not yet: ${stateByStatus[status]}` : describeBlock(block)],
  ];
}

function saltedRows({ nonce, ...receipt }: SaltedReceipt): readonly OutputRow[] {
  return [["nonce", `${nonce}: keep this nonce with the file`], ...receiptRows(receipt)];
}

function describeBlock(block: StampedBlock): string {
  const { id, height, timestamp } = block;
  return [`${formatIsoTime(timestamp)}  block ${id}  height ${height}`, ...describeDoubts(block)].join("; ");
}

const stateByStatus = {
  pending: "it is on the node's disk, and waits for a block",
  processing: "it is in a block that is not decided",
  unknown: "the node no longer knows it",
  accepted: "",
} as const;

import type { Command } from "commander";
import { hideSecrets } from "../../client/endpoint.ts";
import type { Digest } from "../../core/digest.ts";
import { formatSize } from "../../core/format.ts";
import { escapeLine } from "../../core/printable.ts";
import { maxDataBytes } from "../../core/proposal.ts";
import { describeExistence } from "../../core/time-words.ts";
import { CommandFailed, notYet } from "../command-failed.ts";
import { helpAfter } from "../help.ts";
import { ProofNode } from "../ots/proof-node.ts";
import type { PlaceOf } from "../ots/proof-place.ts";
import { stampTogether } from "../ots/stamp-together.ts";
import { readWanted, type Wanted, type WantedOptions } from "../ots/wanted.ts";
import { writeProof } from "../ots/write-proof.ts";
import {
  addSources,
  emptyDataNote,
  type NamedSource,
  parseNamedSource,
  type Source,
  severalFilesNote,
} from "../source.ts";
import type { Output } from "../terminal/output.ts";
import { type Ask, addConnectionOptions, type Connection, type ConnectionOptions, connect } from "./connection.ts";
import { answerEach, type FileAnswer, FileFailed, type FileWork, nameOf } from "./each-file.ts";
import { answerOf, answerOfProven, describeNonce, describeState, expectKept, formatStamped } from "./stamp-words.ts";
import {
  isWaiting,
  readStamp,
  type SaltedReceipt,
  type Stamp,
  type Stamped,
  type Stamping,
  stampData,
} from "./stamping.ts";
import { claimNote } from "./time-rows.ts";

interface StampOptions extends ConnectionOptions, WantedOptions {}

/** Stamps data or its SHA-256, waits until a block with it is accepted, and writes the proof of each file. */
export function addStampCommand(program: Command, output: Output): void {
  const command = program
    .command("stamp")
    .description("stamp files: put their SHA-256 into a block, and write FILE.ots, the proof, beside each");
  addSources(command)
    .option("-r, --recursive", "stamp the files in folders, too")
    .option(
      "--files-from <list>",
      "stamp the files whose names this file has, one a line, or NUL between them",
      parseNamedSource,
    )
    .option("--each", "put the SHA-256 of each of several files on the chain, instead of one for all")
    .option("--private", "put nothing on the chain from which anybody could guess the file")
    .option("-o, --output <path>", "write the proof to this file, or the proofs into this folder")
    .option(
      "--data",
      `put the data itself on the chain, where all can read it: at most ${formatSize(maxDataBytes)}, ` +
        "and some 4,000 for an .ots",
    )
    .option("--no-wait", "exit when the node has it on its disk, and do not wait for a block: no proof is written");
  addConnectionOptions(command, `30 for each answer, and ${defaultWaitSeconds} for the block`)
    .addHelpText("after", help)
    .action(async (files: readonly NamedSource[], options: StampOptions, command: Command) => {
      const wanted = readWanted(files, options, command, output);
      const connection = connect(command, output);
      const { url } = connection;
      const stamping = stampingOf(connection, options);
      const node = new ProofNode(connection.ask);
      if (wanted.kind === "one") return stampOne(wanted, { stamping, node, url, options, output });
      const { files: listed, placeOf } = wanted;
      if (wanted.kind === "together") {
        return stampTogether(listed, { stamping, placeOf, json: options.json === true }, output);
      }
      const work: FileWork = (file, quiet) => stampFile(file, placeOf, { stamping, node, url, options, output: quiet });
      await answerEach(listed, work, options, output);
    });
}

const help = helpAfter({
  notes: [
    "FILE.ots proves that the file existed before a block was made. `timestampvm verify` checks it, and other " +
      "programs for OpenTimestamps can read it. Keep it with the file. A file whose proof lies beside it is passed " +
      "over, and no proof is ever written over. Links in folders are not followed.",
    "Several files make one tree of hashes, of which one hash goes into a block: from the proof of one file, nobody " +
      "learns of another. --each stamps them one by one, so that `find` finds each.",
    "The SHA-256 of a lone file becomes public: who guesses the whole file can see that the guess is right. " +
      "--private hides it.",
    "Data that is on the chain, or whose SHA-256 is, is not stamped again: the proof is of its first stamp, which " +
      "proves more. If the node does not confirm the time of that stamp, somebody may have dated it back to take " +
      "yours away: then the SHA-256 is stamped a second time, with a random nonce behind it, and the proof has both.",
    claimNote,
    severalFilesNote,
    emptyDataNote,
  ],
  examples: [
    "timestampvm stamp report.pdf",
    "timestampvm stamp --recursive .",
    'timestampvm stamp --data --text "for all to read" --output words.ots',
  ],
  exitCodes: {
    1: "a file failed, or the node was not reached, or refused",
    3: "not accepted within --timeout: no proof is written. Run it again later",
  },
});

/** Seconds. */
const defaultWaitSeconds = 60;

function stampingOf({ ask, leftMs }: Connection, { wait, timeout, url }: StampOptions): Stamping {
  const waitMs = timeout === undefined ? () => defaultWaitSeconds * 1_000 : leftMs;
  return { ask, waitMs: wait ? waitMs : undefined, later: (digest, salted) => describeLater(digest, salted, url) };
}

interface Work {
  readonly stamping: Stamping;
  readonly node: ProofNode;
  readonly url: Connection["url"];
  readonly options: StampOptions;
  readonly output: Output;
}

/** The nonce of a salted stamp is nowhere else. */
function describeLater(digest: Digest, salted: SaltedReceipt | undefined, url: string | undefined): string {
  const nonce = salted === undefined ? "" : ` --nonce ${salted.nonce}`;
  const where = url === undefined ? "" : ` --url ${hideSecrets(url)}`;
  const see = `The node keeps it; see later: timestampvm find --digest ${digest}${nonce}${where}`;
  return `${see}\nFor the proof of a file, stamp it again then: nothing new is stamped.`;
}

async function stampOne(
  { source, place }: Extract<Wanted, { kind: "one" }>,
  { stamping, node, url, options, output }: Work,
): Promise<void> {
  const stamp = watchNonce(readStamp(source, options.data === true, output), (nonce) => note(nonce, source, output));
  const { digest } = stamp.subject;
  const proof = place?.toString();
  if (place !== undefined && (await node.has(place, digest, output))) {
    if (options.json) return answerOfProven(digest, place).values.forEach(output.json);
    return output.out(`It has its proof: ${escapeLine(place.toString())}. Nothing new was stamped.\n`);
  }
  if (place !== undefined) await node.served(); // fails before anything is sent
  const stamped = await stampData(stamping, stamp, output);
  const isProven = place !== undefined && (await writeProof(place, digest, stamped, node));
  printStamped(stamp, stamped, isProven ? proof : undefined, { url, options, output });
  expectKept(stamped);
  if (options.wait && isWaiting(stamped)) {
    const { timeout = defaultWaitSeconds } = options;
    throw new CommandFailed(`not accepted within ${timeout} s. ${stamping.later(digest, stamped.salted)}`, notYet);
  }
  if (place === undefined && options.wait && !options.json) output.err("note: no proof is written: give --output\n");
}

function printStamped(
  { subject }: Stamp,
  stamped: Stamped,
  proof: string | undefined,
  { url, options, output }: Omit<Work, "stamping" | "node">,
): void {
  if (options.json) output.json({ ...answerOf(subject, stamped), ...(proof !== undefined && { proof }) });
  else output.out(formatStamped(subject, stamped, proof, url(), output.paint));
  if (stamped.clockNote !== undefined) output.err(`note: ${stamped.clockNote}\n`);
}

async function stampFile(
  file: NamedSource,
  placeOf: PlaceOf,
  { stamping, node, options, output }: Work,
): Promise<FileAnswer> {
  const place = options.wait && file.kind === "file" ? placeOf(file) : undefined;
  let given: string | undefined;
  const stamp = watchNonce(readStamp(file, options.data === true, output), (nonce) => {
    given = nonce;
    note(nonce, file, output);
  });
  const { digest } = stamp.subject;
  const proof = place?.toString();
  if (place !== undefined && (await node.has(place, digest, output))) return answerOfProven(digest, place);
  if (place !== undefined) await node.served(); // fails before anything is sent
  try {
    const stamped = await stampData(stamping, stamp, output);
    expectKept(stamped);
    const isProven = place !== undefined && (await writeProof(place, digest, stamped, node));
    return answerFor(file, stamp, stamped, isProven ? proof : undefined, options, output);
  } catch (error) {
    throw given === undefined ? error : new FileFailed(error, { nonce: given });
  }
}

function answerFor(
  file: NamedSource,
  { subject }: Stamp,
  stamped: Stamped,
  proof: string | undefined,
  options: StampOptions,
  output: Output,
): FileAnswer {
  const { receipt, salted, blocks, clockNote, isNew } = stamped;
  const { block } = salted ?? receipt;
  const parts = [
    isWaiting(stamped) ? describeState(salted ?? receipt) : describeExistence(blocks),
    block && `height ${block.height}`,
    salted && `nonce ${describeNonce(salted.nonce, proof)}`,
    !isNew && "nothing new was stamped",
  ];
  if (clockNote !== undefined) output.err(`note: ${escapeLine(nameOf(file))}: ${clockNote}\n`);
  return {
    line: parts.filter(Boolean).join("  "),
    values: [{ ...answerOf(subject, stamped), ...(proof !== undefined && { proof }) }],
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

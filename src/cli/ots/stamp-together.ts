import { randomBytes } from "node:crypto";
import { type Digest, digestBytes, digestFromBytes, digestToBytes } from "../../core/digest.ts";
import { nonceBytes } from "../../core/salted-digest.ts";
import { describeExistence } from "../../core/time-words.ts";
import { FileTree } from "../../proof/file-proofs.ts";
import type { OtsFile } from "../../proof/ots/timestamp.ts";
import type { FilePath } from "../../store/new-file.ts";
import { CommandFailed, notYet } from "../command-failed.ts";
import { type FileAnswer, FileReport, inOrder, type Listed, maxFilesAtOnce, type Outcome } from "../node/each-file.ts";
import { answerOfProven } from "../node/stamp-words.ts";
import { isWaiting, readStamp, type Stamped, type Stamping, stampData } from "../node/stamping.ts";
import { readSubject } from "../read-source.ts";
import type { NamedSource } from "../source.ts";
import type { Output } from "../terminal/output.ts";
import { OtsWriter } from "./ots-writer.ts";
import { ProofNode } from "./proof-node.ts";
import type { PlaceOf } from "./proof-place.ts";

/** How to stamp files together. */
export interface Together {
  readonly stamping: Stamping;
  readonly placeOf: PlaceOf;
  readonly json: boolean;
}

/** Files in one tree. 48 bytes and a name are held of each; the next tree begins when the proofs are written. */
const maxTreeFiles = 25_000;

/**
 * Stamps files by one block entry for many of them, and writes the proof of each. A file whose proof is in its place is
 * passed over. A file that fails keeps no other from its turn. Throws "command failed" at the end if one has failed.
 */
export async function stampTogether(files: Iterable<Listed>, together: Together, output: Output): Promise<void> {
  const node = new ProofNode(together.stamping.ask);
  await node.served(); // fails before anything is hashed
  const report = new FileReport(together.json, output, undefined);
  const writer = new OtsWriter();
  output.beforeSignal?.(() => writer.abandon());
  try {
    for (const group of groupsOf(files)) await stampGroup(group, { ...together, node, writer }, report, output);
  } finally {
    report.clear();
  }
  report.judge();
}

function* groupsOf(files: Iterable<Listed>): Generator<readonly Listed[], void> {
  let group: Listed[] = [];
  for (const file of files) {
    group.push(file);
    if (group.length < maxTreeFiles) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

async function stampGroup(
  group: readonly Listed[],
  together: Together & Tools,
  report: FileReport,
  output: Output,
): Promise<void> {
  const hashed = await hashGroup(group, together, output);
  const made = hashed.count === 0 ? undefined : await stampTree(hashed, together, output);
  const { writer } = together;
  const work = (entry: Entry) => writeFor(entry, hashed, made, writer);
  for await (const outcome of inOrder(hashed.entries, maxFilesAtOnce, work)) report.add(outcome);
  writer.syncNames();
}

/** A file of a group, and where its digest and nonce are, if it is to be stamped. */
type Entry =
  | Leaf
  | { readonly kind: "proven"; readonly file: NamedSource; readonly digest: Digest; readonly path: FilePath }
  | { readonly kind: "problem"; readonly file: NamedSource; readonly error: unknown };

interface Leaf {
  readonly kind: "leaf";
  readonly file: NamedSource;
  readonly at: number;
  readonly path: FilePath;
}

interface Hashed {
  readonly entries: readonly Entry[];
  /** Of the files that are to be stamped, one behind the other. */
  readonly digests: Uint8Array;
  readonly count: number;
}

interface Tools {
  readonly node: ProofNode;
  readonly writer: OtsWriter;
}

/** Hashes one file after the other. */
async function hashGroup(
  group: readonly Listed[],
  { placeOf, node }: Together & Tools,
  output: Output,
): Promise<Hashed> {
  const progress = output.progress();
  const digests = new Uint8Array(group.length * digestBytes);
  let count = 0;
  const toEntry = async (file: Listed, i: number): Promise<Entry> => {
    if (file.kind === "problem") return file;
    progress.show(i, group.length, "files hashed");
    try {
      const path = placeOf(file);
      const { digest } = readSubject(file, output);
      if (await node.has(path, digest, output)) return { kind: "proven", file, digest, path };
      digests.set(digestToBytes(digest), count * digestBytes);
      return { kind: "leaf", file, at: count++, path };
    } catch (error) {
      return { kind: "problem", file, error };
    }
  };
  try {
    const entries: Entry[] = [];
    for (const [i, file] of group.entries()) entries.push(await toEntry(file, i));
    return { entries, digests: digests.subarray(0, count * digestBytes), count };
  } finally {
    progress.clear();
  }
}

/** A tree whose root is in a block. */
interface StampedTree {
  readonly root: Digest;
  readonly stamped: Stamped;
  /** Makes the proof of a leaf. */
  readonly prove: (leaf: number) => OtsFile;
}

async function stampTree(
  { digests, count }: Hashed,
  { stamping, node }: Together & Tools,
  output: Output,
): Promise<StampedTree> {
  const tree = new FileTree(digests, randomBytes(count * nonceBytes));
  const root = digestFromBytes(tree.root);
  const stamped = await stampData(stamping, readStamp({ kind: "digest", digest: root }, false, output), output);
  if (isWaiting(stamped)) throw new CommandFailed(timedOut, notYet);
  return { root, stamped, prove: tree.prover(await node.carriersOf(stamped)) };
}

/** The nonces of a tree are nowhere but here. */
const timedOut =
  "not accepted in time, so that no proof is written, and none can be of what the node stamps later\n" +
  "Stamp the files again, with a longer --timeout.";

/** Writes the proof of a file, if it has none. Never rejects: nobody may be waiting for it yet. */
async function writeFor(
  entry: Entry,
  hashed: Hashed,
  made: StampedTree | undefined,
  writer: OtsWriter,
): Promise<Outcome> {
  const { file } = entry;
  if (entry.kind === "problem") return entry;
  if (entry.kind === "proven") return { file, answer: answerOfProven(entry.digest, entry.path) };
  try {
    if (made === undefined) throw new Error("a leaf without its tree");
    await writer.write(entry.path, made.prove(entry.at));
    return { file, answer: answerFor(entry, hashed, made) };
  } catch (error) {
    return { file, error };
  }
}

function answerFor(entry: Leaf, { digests }: Hashed, { root, stamped }: StampedTree): FileAnswer {
  const proof = entry.path.toString();
  const { block } = stamped.salted ?? stamped.receipt;
  const digest = digests.subarray(entry.at * digestBytes, (entry.at + 1) * digestBytes).toHex();
  return {
    line: `stamped  ${describeExistence(stamped.blocks)}  height ${block?.height}`,
    values: [{ digest: `0x${digest}`, proof, root: `0x${root}`, block, isNew: true }],
  };
}

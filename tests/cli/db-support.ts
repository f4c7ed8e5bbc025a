import { Database } from "bun:sqlite";
import { closeSync, openSync, writeFileSync } from "node:fs";
import packageJson from "../../package.json" with { type: "json" };
import { type NodeId, nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import { createProgram, reportFailure } from "../../src/cli/cli.ts";
import { createOutput, type OutputParts } from "../../src/cli/terminal/output.ts";
import type { Block } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import type { FirstSight } from "../../src/core/time-claim.ts";
import type { StoredAttestation } from "../../src/store/attestation-table.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import type { StoredProposal } from "../../src/store/proposal-table.ts";
import type { StoredTree } from "../../src/store/tree-table.ts";
import { bytesOf, chainOn, childOf, genesis, now, peer } from "../support/chain.ts";
import { temporaryDirectory } from "../support/temporary.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `timestampvm db …` in this process. */
export function db(...args: readonly string[]): Ran {
  return run(args, false);
}

/** The same, where a person at a terminal is asked, and types what `answer` gives. */
export function dbAnswered(answer: () => string, ...args: readonly string[]): Ran {
  using directory = temporaryDirectory();
  const typed = directory.file("typed");
  writeFileSync(typed, "");
  const fileDescriptor = openSync(typed, "r");
  const terminal = {
    isTerminal: true,
    get fileDescriptor() {
      writeFileSync(typed, answer());
      return fileDescriptor;
    },
  };
  try {
    return run(args, false, { input: terminal });
  } finally {
    closeSync(fileDescriptor);
  }
}

/** The same, where a person sees standard error. */
export function dbWatched(...args: readonly string[]): Ran {
  return run(args, true);
}

const about = { name: "timestampvm", version: packageJson.version, protocols: { oldest: 16, newest: 46, default: 45 } };

/** The same for a command that waits for something. */
export async function inProcess(...args: readonly string[]): Promise<Ran> {
  const { written, output } = createSink(false);
  try {
    await createProgram(about, output).parseAsync(["db", ...args], { from: "user" });
    return { code: 0, ...written };
  } catch (error) {
    return { code: reportFailure(error, output), ...written };
  }
}

/** As `runCli` does, but at once: most commands of `db` wait for nothing. */
function run(args: readonly string[], isWatched: boolean, more: Partial<OutputParts> = {}): Ran {
  const { written, output } = createSink(isWatched, more);
  try {
    createProgram(about, output).parse(["db", ...args], { from: "user" });
    return { code: 0, ...written };
  } catch (error) {
    return { code: reportFailure(error, output), ...written };
  }
}

function createSink(isWatched: boolean, more: Partial<OutputParts> = {}) {
  const written = { out: "", err: "" };
  const output = createOutput({
    out: (content: string | Uint8Array) => {
      written.out += content;
    },
    err: (text: string) => {
      written.err += text;
    },
    isWatched,
    ...more,
  });
  return { written, output };
}

export function proposal(data: string | Uint8Array, from?: NodeId): StoredProposal {
  const bytes = typeof data === "string" ? bytesOf(data) : data;
  return { digest: digestOf(bytes), bytes: bytes.length, since: now, peer: from, data: bytes };
}

export interface Content {
  readonly blocks?: readonly Block[];
  readonly rejected?: readonly Block[];
  readonly proposals?: readonly StoredProposal[];
  /** When the blocks were first seen, in their order. */
  readonly firstSights?: readonly (FirstSight | undefined)[];
  readonly trees?: readonly StoredTree[];
  readonly attestations?: readonly StoredAttestation[];
}

/** Six blocks, one that lost, and what waits: a peer's proposal, and one that a block carries already. */
export const blocks: readonly Block[] = [genesis, ...chainOn(genesis, 5)];
export const loser: Block = childOf(genesis, "loser");
export const proposals: readonly StoredProposal[] = [proposal("waits", peer), proposal("block 1 on 0")];

/** A node that is not `peer`. */
export const other: NodeId = nodeIdFromBytes(new Uint8Array(20).fill(8));

/** Two of the six blocks were seen. */
export const firstSights: readonly (FirstSight | undefined)[] = [
  undefined,
  { ms: now * 1_000n + 1n, node: peer, isImported: false },
  { ms: -1n, node: other, isImported: true },
];
export const trees: readonly StoredTree[] = ["second", "first"].map((name, i) => ({
  root: digestOf(bytesOf(name)),
  secret: new Uint8Array(32).fill(i),
  leaves: new Uint8Array(32 * (i + 1)).fill(i + 7),
}));
export const attestations: readonly StoredAttestation[] = [
  { height: 1n, pChainHeight: 99n, signatures: new Uint8Array(116).fill(3) },
  { height: 4n, pChainHeight: 100n, signatures: new Uint8Array(232).fill(4, 116) },
];

/** Makes a database file, closed again. Gives its instance id. */
export function makeDatabase(file: string, content: Content = {}): Uint8Array {
  const { blocks: accepted = blocks, rejected = [loser], proposals: waiting = proposals } = content;
  const store = BlockStore.open(file);
  store.addRecords(accepted.map((block, i) => ({ block, firstSight: content.firstSights?.[i] })));
  for (const _ of store.indexDigests());
  for (const block of rejected) store.reject(block);
  store.proposals.add(waiting);
  store.trees.add(content.trees ?? []);
  store.attestations.add(content.attestations ?? []);
  store.close();
  return store.instanceId;
}

/** Changes a database file without our code, against its rules where it must. */
export function damage(file: string, sql: string, ...values: readonly (Uint8Array | bigint | string)[]): void {
  using database = new Database(file);
  database.run("PRAGMA ignore_check_constraints = ON");
  database.run(sql, [...values]);
}

/** What is in a database, as an export says it. */
export function exported(file: string): string[] {
  const { code, out, err } = db("export", file);
  if (code !== 0) throw new Error(err);
  return out.trimEnd().split("\n");
}

import { type Block, parseBlock } from "../../core/block.ts";
import { digestOf } from "../../core/digest.ts";
import { ChainError } from "../../core/errors.ts";
import { problemInHistory } from "../../core/history.ts";
import { maxDataBytes } from "../../core/proposal.ts";
import type { FirstSight } from "../../core/time-claim.ts";
import { maxAttestedBlocks, problemInSignatures } from "../../store/attestation-table.ts";
import type { BlockRecord } from "../../store/block-reader.ts";
import type { BlockStore } from "../../store/block-store.ts";
import { maxSqlInteger } from "../../store/columns.ts";
import { isReencoded } from "../../store/reencoded.ts";
import { problemInTree } from "../../store/tree-table.ts";
import { CommandFailed } from "../command-failed.ts";
import {
  type AttestationLine,
  type BlockLine,
  type ChainLine,
  type ExportLine,
  type ExportVersion,
  newestVersion,
  type ProposalLine,
  parseExportLine,
  type TreeLine,
} from "./export-lines.ts";
import { LineCounts } from "./line-counts.ts";
import { readLines } from "./read-lines.ts";

/** Reads the chain in an export. Every line is verified before it goes into the store; errors name its number. */
export class ImportedChain {
  readonly #name: string;
  readonly #lines: Generator<string, void>;
  /** The number of the line that was read last; the first is 1. */
  #lineNumber = 0;
  #version: ExportVersion = newestVersion;
  #chain: ChainLine | undefined;
  #lastBlock: Block | undefined;
  #lastAttested: bigint | undefined;
  readonly #counts = new LineCounts();

  /** Error messages call the file `name`. */
  constructor(name: string, fileDescriptor: number) {
    this.#name = name;
    this.#lines = readLines(fileDescriptor);
  }

  /** The counts of the lines that were read. */
  get counts(): LineCounts {
    return this.#counts;
  }

  get lastAccepted(): string {
    return this.#lastBlock?.id ?? "none";
  }

  /** Reads the first line. Gives the instance id in it (16 bytes). All methods throw "command failed". */
  readInstanceId(): Uint8Array {
    const line = this.#next();
    if (line === undefined) throw new CommandFailed(`${this.#name}: it is empty`);
    if (line.type !== "chain") throw this.#wrong("an export begins with a line of type chain");
    if (line.version !== 1n && line.version !== 2n) {
      const cure = "export it once more, with --format-version 2";
      throw this.#wrong(`an export of version ${line.version}; this timestampvm reads versions 1 and 2: ${cure}`);
    }
    this.#version = line.version;
    this.#chain = line;
    return Uint8Array.fromHex(line.instanceId);
  }

  /**
   * Reads all other lines into the store. Holds some megabytes of blocks at a time. After these, yields how many blocks
   * there were so far, and in all.
   */
  *readInto(store: BlockStore): Generator<readonly [blocks: bigint, total: bigint], void> {
    let line = this.#next();
    while (line?.type === "block") {
      line = this.#addBlocks(store, line);
      yield [this.#blocks, (this.#chain?.height ?? 0n) + 1n];
    }
    for (; line?.type === "proposal"; line = this.#next()) this.#addProposal(store, line);
    for (; line?.type === "tree"; line = this.#next()) this.#addTree(store, line);
    for (; line?.type === "attestation"; line = this.#next()) this.#addAttestation(store, line);
    this.#checkEnd(line);
    for (const _ of store.indexDigests());
  }

  get #blocks(): bigint {
    return this.#lastBlock === undefined ? 0n : this.#lastBlock.height + 1n;
  }

  /** Adds the block of line `first` and those after it, as many as one commit takes. Gives the next line. */
  #addBlocks(store: BlockStore, first: BlockLine): ExportLine | undefined {
    const records: BlockRecord[] = [];
    let bytes = 0;
    let line: ExportLine | undefined = first;
    for (; line?.type === "block" && records.length < maxCommitBlocks && bytes < maxCommitBytes; line = this.#next()) {
      const block = this.#verify(line, this.#parse(line.bytes));
      records.push({ block, firstSight: firstSightIn(line) });
      bytes += block.bytes.length;
      this.#lastBlock = block;
    }
    store.addRecords(records);
    return line;
  }

  /** Gives the block with the id that it has in the chain. */
  #verify({ height, id, storedId }: BlockLine, stored: Block): Block {
    if (height !== this.#blocks) throw this.#wrong(`a block of height ${height} instead of ${this.#blocks}`);
    if (stored.id !== (storedId ?? id)) throw this.#wrong(`its bytes are block ${stored.id}, not ${storedId ?? id}`);
    if (storedId !== undefined && !isReencoded(id, stored)) {
      throw this.#wrong(`the bytes of block ${id} are not as timestampvm-rs encodes a block again`);
    }
    const block = { ...stored, id };
    const problem = problemInHistory(block, this.#lastBlock);
    if (problem !== undefined) throw this.#wrong(`block ${id} ${problem}`);
    if (block.timestamp > maxSqlInteger) throw this.#wrong(`block ${id} is of a time beyond ${maxSqlInteger}`);
    if (height === 0n && id !== this.#chain?.genesis) {
      throw this.#wrong(`block ${id} begins another chain than that of ${this.#chain?.genesis}`);
    }
    return block;
  }

  #parse(bytes: Uint8Array): Block {
    try {
      return parseBlock(bytes);
    } catch (error) {
      if (error instanceof ChainError) throw this.#wrong(error.message);
      throw error;
    }
  }

  #addProposal(store: BlockStore, { data, since, peer }: ProposalLine): void {
    const digest = digestOf(data);
    const bytes = data.length;
    if (bytes > maxDataBytes) throw this.#wrong(`a proposal of ${bytes} bytes, more than ${maxDataBytes}`);
    if (store.proposals.has(digest)) throw this.#wrong("the same proposal as in an earlier line");
    store.proposals.add([{ digest, data, bytes, since, peer }]);
  }

  #addTree(store: BlockStore, { root, secret, leaves }: TreeLine): void {
    const tree = { root, secret, leaves };
    const problem = problemInTree(tree);
    if (problem !== undefined) throw this.#wrong(problem);
    if (store.trees.has(root)) throw this.#wrong("the same tree as in an earlier line");
    store.trees.add([tree]);
  }

  #addAttestation(store: BlockStore, { height, pChainHeight, signatures }: AttestationLine): void {
    const problem = problemInSignatures(signatures);
    if (problem !== undefined) throw this.#wrong(problem);
    if (height >= this.#blocks) throw this.#wrong(`an attestation of height ${height}, of which there is no block`);
    if (this.#lastAttested !== undefined && height <= this.#lastAttested) {
      throw this.#wrong(`an attestation of height ${height} behind that of height ${this.#lastAttested}`);
    }
    if (store.attestations.count() === maxAttestedBlocks) {
      throw this.#wrong(`attestations of more than ${maxAttestedBlocks} blocks`);
    }
    store.attestations.add([{ height, pChainHeight, signatures }]);
    this.#lastAttested = height;
  }

  #checkEnd(line: ExportLine | undefined): void {
    if (line === undefined) throw new CommandFailed(`${this.#name}: it is cut off after line ${this.#lineNumber}`);
    if (line.type !== "end") throw this.#wrong(`a line of type ${line.type} does not belong here`);
    const { height, lastAccepted } = this.#chain ?? {};
    if (this.#lastBlock?.height !== height || this.#lastBlock?.id !== lastAccepted) {
      throw this.#wrong(`the last block is ${this.lastAccepted}, and not ${lastAccepted} at height ${height}`);
    }
    const came = this.#counts.endLine();
    for (const what of counted) {
      const said = line[what] ?? 0n;
      if (came[what] !== said) throw this.#wrong(`${came[what]} ${what} came, and not ${said}`);
    }
    if (this.#next() !== undefined) throw this.#wrong("something follows the end");
  }

  #next(): ExportLine | undefined {
    this.#lineNumber++;
    try {
      const { value, done } = this.#lines.next();
      if (!done) {
        const line = parseExportLine(value, this.#version);
        this.#counts.add(line);
        return line;
      }
    } catch (error) {
      if (error instanceof CommandFailed) throw this.#wrong(error.message);
      throw error;
    }
    this.#lineNumber--;
    return undefined;
  }

  #wrong(problem: string): CommandFailed {
    return new CommandFailed(`${this.#name}, line ${this.#lineNumber}: ${problem}`);
  }
}

/** Marked as imported, since anybody can write an export. */
function firstSightIn({ seen, seenBy }: BlockLine): FirstSight | undefined {
  return seen === undefined || seenBy === undefined ? undefined : { ms: seen, node: seenBy, isImported: true };
}

const counted = ["blocks", "proposals", "trees", "attestations"] as const;

const maxCommitBlocks = 1_000;
const maxCommitBytes = 4 * 1024 * 1024;

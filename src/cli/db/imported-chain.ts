import { type Block, parseBlock } from "../../core/block.ts";
import { digestOf } from "../../core/digest.ts";
import { ChainError } from "../../core/errors.ts";
import { problemInHistory } from "../../core/history.ts";
import { maxDataBytes } from "../../core/proposal.ts";
import type { BlockRecord } from "../../store/block-reader.ts";
import type { BlockStore } from "../../store/block-store.ts";
import { maxSqlInteger } from "../../store/columns.ts";
import { isReencoded } from "../../store/reencoded.ts";
import { CommandFailed } from "../command-failed.ts";
import {
  type BlockLine,
  type ChainLine,
  type ExportLine,
  exportVersion,
  type ProposalLine,
  parseExportLine,
} from "./export-lines.ts";
import { readLines } from "./read-lines.ts";

/** Reads the chain in an export. Every line is verified before it goes into the store; errors name its number. */
export class ImportedChain {
  readonly #name: string;
  readonly #lines: Generator<string, void>;
  /** The number of the line that was read last; the first is 1. */
  #lineNumber = 0;
  #chain: ChainLine | undefined;
  #lastBlock: Block | undefined;
  #proposals = 0n;

  /** Error messages call the file `name`. */
  constructor(name: string, fileDescriptor: number) {
    this.#name = name;
    this.#lines = readLines(fileDescriptor);
  }

  get blocks(): bigint {
    return this.#lastBlock === undefined ? 0n : this.#lastBlock.height + 1n;
  }

  get proposals(): bigint {
    return this.#proposals;
  }

  get lastAccepted(): string {
    return this.#lastBlock?.id ?? "none";
  }

  /** Reads the first line. Gives the instance id in it (16 bytes). All methods throw "command failed". */
  readInstanceId(): Uint8Array {
    const line = this.#next();
    if (line?.type !== "chain") throw this.#wrong("an export begins with a line of type chain");
    if (line.version !== exportVersion) {
      throw this.#wrong(`an export of version ${line.version}; this timestampvm reads version ${exportVersion}`);
    }
    this.#chain = line;
    return Uint8Array.fromHex(line.instanceId);
  }

  /**
   * Reads all other lines into the store. Holds some megabytes of blocks at a time, and yields after each of these how
   * many blocks came, and how many there are.
   */
  *readInto(store: BlockStore): Generator<readonly [blocks: bigint, total: bigint], void> {
    let line = this.#next();
    while (line?.type === "block") {
      line = this.#addBlocks(store, line);
      yield [this.blocks, (this.#chain?.height ?? 0n) + 1n];
    }
    for (; line?.type === "proposal"; line = this.#next()) this.#addProposal(store, line);
    this.#checkEnd(line);
    for (const _ of store.indexDigests()) yield [this.blocks, this.blocks];
  }

  /** Adds the block of line `first` and those after it, as many as one commit takes. Gives the next line. */
  #addBlocks(store: BlockStore, first: BlockLine): ExportLine | undefined {
    const records: BlockRecord[] = [];
    let bytes = 0;
    let line: ExportLine | undefined = first;
    for (; line?.type === "block" && records.length < maxCommitBlocks && bytes < maxCommitBytes; line = this.#next()) {
      const stored = this.#parse(line.bytes);
      const block = this.#verify(line, stored);
      records.push({ block, firstSight: undefined });
      bytes += block.bytes.length;
      this.#lastBlock = block;
    }
    store.addRecords(records);
    return line;
  }

  /** Gives the block with the id by which the chain knows it. */
  #verify({ height, id, storedId }: BlockLine, stored: Block): Block {
    if (height !== this.blocks) throw this.#wrong(`a block of height ${height} instead of ${this.blocks}`);
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
    this.#proposals++;
  }

  #checkEnd(line: ExportLine | undefined): void {
    if (line === undefined) throw new CommandFailed(`${this.#name}: it is cut off after line ${this.#lineNumber}`);
    if (line.type !== "end") throw this.#wrong(`a line of type ${line.type} does not belong here`);
    const { height, lastAccepted } = this.#chain ?? {};
    if (this.#lastBlock?.height !== height || this.#lastBlock?.id !== lastAccepted) {
      throw this.#wrong(`the last block is ${this.lastAccepted}, and not ${lastAccepted} at height ${height}`);
    }
    if (line.blocks !== this.blocks) throw this.#wrong(`${this.blocks} blocks came, and not ${line.blocks}`);
    if (line.proposals !== this.#proposals) {
      throw this.#wrong(`${this.#proposals} proposals came, and not ${line.proposals}`);
    }
    if (this.#next() !== undefined) throw this.#wrong("something follows the end");
  }

  #next(): ExportLine | undefined {
    this.#lineNumber++;
    try {
      const { value, done } = this.#lines.next();
      if (!done) return parseExportLine(value);
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

const maxCommitBlocks = 1_000;
const maxCommitBytes = 4 * 1024 * 1024;

import { type Id, parseId } from "../../avalanche/id.ts";
import { isNodeId, type NodeId } from "../../avalanche/node-id.ts";
import type { Digest } from "../../core/digest.ts";
import { parseDigest } from "../../core/digest-text.ts";
import { formatExactJson, hasMoreValues, parseExactJson } from "../../core/exact-json.ts";
import { maxU64 } from "../../core/u64.ts";
import { maxSqlInteger } from "../../store/columns.ts";
import { CommandFailed } from "../command-failed.ts";

/** The versions of an export. All are read and written. Each contains the version before it. */
export type ExportVersion = 1n | 2n;

/** The version that can hold everything in a database. */
export const newestVersion: ExportVersion = 2n;

/** The first line of an export: which chain it is, and its height. */
export interface ChainLine {
  readonly type: "chain";
  readonly version: bigint;
  /** In hex. */
  readonly instanceId: string;
  readonly genesis: string;
  readonly lastAccepted: string;
  readonly height: bigint;
}

/** An accepted block. Blocks come in the order of their heights. */
export interface BlockLine {
  readonly type: "block";
  readonly height: bigint;
  readonly id: Id;
  /** The id of `bytes` where timestampvm-rs encoded the block again; else undefined, and not in the line. */
  readonly storedId: Id | undefined;
  /** When a node first saw the block, Unix milliseconds; below 0 where its clock was wrong. From version 2 on. */
  readonly seen: bigint | undefined;
  /** That node. Both are in the line, or neither. */
  readonly seenBy: NodeId | undefined;
  /** The block as received, or as timestampvm-rs encoded it again. Base64 in the line. */
  readonly bytes: Uint8Array;
}

/** Data that waits for a block. Proposals come after the blocks, in the order in which they wait. */
export interface ProposalLine {
  readonly type: "proposal";
  /** Unix seconds; below 0 where the clock was wrong. */
  readonly since: bigint;
  /** The node that sent it; undefined, and not in the line, when a client of this node did. */
  readonly peer: NodeId | undefined;
  /** Base64 in the line. */
  readonly data: Uint8Array;
}

/** The Merkle tree of a batch. Trees come after the proposals, in the order they were made. From version 2 on. */
export interface TreeLine {
  readonly type: "tree";
  readonly root: Digest;
  /** Base64 in the line, as the leaves: see `StoredTree`. */
  readonly secret: Uint8Array;
  readonly leaves: Uint8Array;
}

/** Signatures of a block. Attestations come after the trees, in the order of their heights. From version 2 on. */
export interface AttestationLine {
  readonly type: "attestation";
  readonly height: bigint;
  readonly pChainHeight: bigint;
  /** Base64 in the line: see `StoredAttestation`. */
  readonly signatures: Uint8Array;
}

/** The last line. An export without it was cut off. */
export interface EndLine {
  readonly type: "end";
  readonly blocks: bigint;
  readonly proposals: bigint;
  /** From version 2 on, as the attestations. */
  readonly trees: bigint | undefined;
  readonly attestations: bigint | undefined;
}

export type ExportLine = ChainLine | BlockLine | ProposalLine | TreeLine | AttestationLine | EndLine;

export function formatExportLine(line: ExportLine): string {
  const fields = Object.entries(line).map(([key, value]) => [
    key,
    value instanceof Uint8Array ? value.toBase64() : (value as unknown),
  ]);
  return `${formatExactJson(Object.fromEntries(fields))}\n`;
}

/**
 * Parses a line of an export of this version. Fields and types of a later version are unknown then. Throws "command
 * failed" with what is wrong with the line.
 */
export function parseExportLine(text: string, version: ExportVersion): ExportLine {
  const { type, ...given } = parseObject(text);
  const fields = new Fields(given);
  const line = readLine(type, fields, version > 1n);
  fields.expectNoMore();
  return line;
}

function readLine(type: unknown, fields: Fields, isSecondVersion: boolean): ExportLine {
  switch (type) {
    case "chain":
      return {
        type,
        version: fields.read("version", wholeNumber),
        instanceId: fields.read("instanceId", instanceId),
        genesis: fields.read("genesis", anyText),
        lastAccepted: fields.read("lastAccepted", anyText),
        height: fields.read("height", wholeNumber),
      };
    case "block":
      return {
        type,
        height: fields.read("height", wholeNumber),
        id: fields.read("id", id),
        storedId: fields.readOptional("storedId", id),
        ...(isSecondVersion ? readFirstSight(fields) : { seen: undefined, seenBy: undefined }),
        bytes: fields.read("bytes", base64),
      };
    case "proposal":
      return {
        type,
        since: fields.read("since", unixTime),
        peer: fields.readOptional("peer", nodeId),
        data: fields.read("data", base64),
      };
    case "end":
      return {
        type,
        blocks: fields.read("blocks", wholeNumber),
        proposals: fields.read("proposals", wholeNumber),
        trees: isSecondVersion ? fields.read("trees", wholeNumber) : undefined,
        attestations: isSecondVersion ? fields.read("attestations", wholeNumber) : undefined,
      };
    default:
      if (isSecondVersion) return readProofLine(type, fields);
      throw new CommandFailed('its "type" must be chain, block, proposal or end');
  }
}

function readFirstSight(fields: Fields): Pick<BlockLine, "seen" | "seenBy"> {
  const seen = fields.readOptional("seen", unixTime);
  const seenBy = fields.readOptional("seenBy", nodeId);
  if ((seen === undefined) !== (seenBy === undefined))
    throw new CommandFailed('"seen" and "seenBy" must both be there, or neither');
  return { seen, seenBy };
}

function readProofLine(type: unknown, fields: Fields): TreeLine | AttestationLine {
  switch (type) {
    case "tree":
      return {
        type,
        root: fields.read("root", digest),
        secret: fields.read("secret", base64),
        leaves: fields.read("leaves", base64),
      };
    case "attestation":
      return {
        type,
        height: fields.read("height", wholeNumber),
        pChainHeight: fields.read("pChainHeight", sqlWholeNumber),
        signatures: fields.read("signatures", base64),
      };
    default:
      throw new CommandFailed('its "type" must be chain, block, proposal, tree, attestation or end');
  }
}

function parseObject(text: string): object & { readonly type?: unknown } {
  if (hasMoreValues(text, maxLineValues)) throw new CommandFailed("too many values for a line of an export");
  let value: unknown;
  try {
    value = parseExactJson(text);
  } catch {
    throw new CommandFailed("not JSON");
  }
  if (typeof value !== "object" || value === null) throw new CommandFailed("not a JSON object");
  return value;
}

/** `hasMoreValues` counts separators. Lines of chains and blocks have the most: twelve. */
const maxLineValues = 64;

/** The fields of a line. Each is removed when it is read, so that unknown ones remain. */
class Fields {
  readonly #left: Map<string, unknown>;

  constructor(given: object) {
    this.#left = new Map(Object.entries(given));
  }

  read<T>(key: string, { wanted, parse }: Rule<T>): T {
    const value = parse(this.#left.get(key));
    if (value === undefined) throw new CommandFailed(`"${key}" must be ${wanted}`);
    this.#left.delete(key);
    return value;
  }

  readOptional<T>(key: string, rule: Rule<T>): T | undefined {
    return this.#left.has(key) ? this.read(key, rule) : undefined;
  }

  expectNoMore(): void {
    for (const key of this.#left.keys()) throw new CommandFailed(`unknown key ${JSON.stringify(key)}`);
  }
}

/** What a field must be. Not by zod, which would only call these parsers, and there are as many lines as blocks. */
interface Rule<T> {
  readonly wanted: string;
  /** Gives undefined for a value that breaks the rule. */
  readonly parse: (value: unknown) => T | undefined;
}

function integer(wanted: string, min: bigint, max: bigint): Rule<bigint> {
  return {
    wanted,
    parse: (value) => (typeof value === "bigint" && min <= value && value <= max ? value : undefined),
  };
}

/** Below 0 if a clock was before 1970. */
const unixTime = integer("a whole number", -maxSqlInteger, maxSqlInteger);

const wholeNumber = integer("a whole number from 0 up", 0n, maxU64);

/** A number that fits into the database. */
const sqlWholeNumber = integer(`a whole number from 0 to ${maxSqlInteger}`, 0n, maxSqlInteger);

const anyText: Rule<string> = { wanted: "a string", parse: (value) => (typeof value === "string" ? value : undefined) };

const id: Rule<Id> = {
  wanted: "an id",
  parse: (value) => {
    if (typeof value !== "string") return undefined;
    try {
      const parsed = parseId(value);
      return parsed === value ? parsed : undefined; // text that is shorter, or has spaces, gives an id as well
    } catch {
      return undefined;
    }
  },
};

const base64: Rule<Uint8Array> = {
  wanted: "padded base64",
  parse: (value) => {
    if (typeof value !== "string") return undefined;
    try {
      return Uint8Array.fromBase64(value, { lastChunkHandling: "strict" });
    } catch {
      return undefined;
    }
  },
};

const digest: Rule<Digest> = {
  wanted: "64 hex digits",
  parse: (value) => (typeof value === "string" && /^[0-9a-f]{64}$/.test(value) ? parseDigest(value) : undefined),
};

const instanceId: Rule<string> = {
  wanted: "32 hex digits",
  parse: (value) => (typeof value === "string" && /^[0-9a-f]{32}$/.test(value) ? value : undefined),
};

const nodeId: Rule<NodeId> = { wanted: "a node id", parse: (value) => (isNodeId(value) ? value : undefined) };

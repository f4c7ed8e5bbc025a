import { type Id, parseId } from "../../avalanche/id.ts";
import { isNodeId, type NodeId } from "../../avalanche/node-id.ts";
import { formatExactJson, hasMoreValues } from "../../core/exact-json.ts";
import { CommandFailed } from "../command-failed.ts";

/** The first line of an export: which chain it is, and how high. */
export interface ChainLine {
  readonly type: "chain";
  readonly version: bigint;
  /** In hex. */
  readonly instanceId: string;
  readonly genesis: string;
  readonly lastAccepted: string;
  readonly height: bigint;
}

/** An accepted block; they come by ascending height. */
export interface BlockLine {
  readonly type: "block";
  readonly height: bigint;
  readonly id: Id;
  /** The id that the bytes hash to, when timestampvm-rs encoded them again; else undefined, and not in the line. */
  readonly storedId: Id | undefined;
  /** As received, or as timestampvm-rs encoded them; base64 in the line. */
  readonly bytes: Uint8Array;
}

/** What waits for a block; they come in their order, behind the blocks. */
export interface ProposalLine {
  readonly type: "proposal";
  /** Unix seconds; below 0 where the clock was wrong. */
  readonly since: bigint;
  /** Undefined, and not in the line, for a client's. */
  readonly peer: NodeId | undefined;
  /** Base64 in the line. */
  readonly data: Uint8Array;
}

/** The last line: without it, an export was cut off. */
export interface EndLine {
  readonly type: "end";
  readonly blocks: bigint;
  readonly proposals: bigint;
}

export type ExportLine = ChainLine | BlockLine | ProposalLine | EndLine;

export const exportVersion = 1n;

export function formatExportLine(line: ExportLine): string {
  const fields = Object.entries(line).map(([key, value]) => [
    key,
    value instanceof Uint8Array ? value.toBase64() : (value as unknown),
  ]);
  return `${formatExactJson(Object.fromEntries(fields))}\n`;
}

/** Throws "command failed", saying what is wrong with the form of the line. */
export function parseExportLine(text: string): ExportLine {
  const { type, ...given } = parseObject(text);
  const rules = isType(type) ? rulesByType[type] : undefined;
  if (rules === undefined) throw new CommandFailed('its "type" is none of chain, block, proposal and end');
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(rules, key)) throw new CommandFailed(`unknown key ${JSON.stringify(key)}`);
  }
  const line = Object.entries(rules).map(([key, { wanted, read }]) => {
    const value = read(given[key]);
    if (value === wrong) throw new CommandFailed(`"${key}" must be ${wanted}`);
    return [key, value] as const;
  });
  return { type, ...Object.fromEntries(line) } as unknown as ExportLine;
}

function isType(type: unknown): type is ExportLine["type"] {
  return typeof type === "string" && Object.hasOwn(rulesByType, type);
}

function parseObject(text: string): Record<string, unknown> {
  if (hasMoreValues(text, maxLineValues)) throw new CommandFailed("more values than a line of an export has");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CommandFailed("not JSON");
  }
  if (typeof value !== "object" || value === null) throw new CommandFailed("not a JSON object");
  return value as Record<string, unknown>;
}

/** What parts them is counted: a chain's line has the most, twelve. */
const maxLineValues = 64;

interface Rule {
  readonly wanted: string;
  /** Gives the value, or `wrong`. */
  readonly read: (value: unknown) => unknown;
}

const wrong = Symbol("wrong");

const wholeNumber: Rule = {
  wanted: "a whole number from 0 up",
  read: (value) => (Number.isSafeInteger(value) && Number(value) >= 0 ? BigInt(value as number) : wrong),
};

/** A clock may be before 1970. */
const unixSeconds: Rule = {
  wanted: "a whole number",
  read: (value) => (Number.isSafeInteger(value) ? BigInt(value as number) : wrong),
};

const text: Rule = { wanted: "a string", read: (value) => (typeof value === "string" ? value : wrong) };

const id: Rule = {
  wanted: "an id",
  read: (value) => {
    try {
      return parseId(value as string) === value ? value : wrong; // text that is shorter, or has spaces, gives one as well
    } catch {
      return wrong;
    }
  },
};

const base64: Rule = {
  wanted: "padded base64",
  read: (value) => {
    try {
      return Uint8Array.fromBase64(value as string, { lastChunkHandling: "strict" });
    } catch {
      return wrong;
    }
  },
};

const instanceId: Rule = {
  wanted: "32 hex digits",
  read: (value) => (typeof value === "string" && /^[0-9a-f]{32}$/.test(value) ? value : wrong),
};

const nodeId: Rule = { wanted: "a node id", read: (value) => (isNodeId(value) ? value : wrong) };

function optional({ wanted, read }: Rule): Rule {
  return { wanted, read: (value) => (value === undefined ? value : read(value)) };
}

const rulesByType: Readonly<Record<ExportLine["type"], Readonly<Record<string, Rule>>>> = {
  chain: { version: wholeNumber, instanceId, genesis: text, lastAccepted: text, height: wholeNumber },
  block: { height: wholeNumber, id, storedId: optional(id), bytes: base64 },
  proposal: { since: unixSeconds, peer: optional(nodeId), data: base64 },
  end: { blocks: wholeNumber, proposals: wholeNumber },
};

import * as z from "zod";
import type { Id } from "../avalanche/id.ts";
import type { Digest } from "../core/digest.ts";
import type { ApiErrorCode } from "./errors.ts";
import { defaultPageBlocks, maxPageBlocks } from "./limits.ts";
import {
  blockId,
  blockIdParam,
  dataParam,
  digestParam,
  hexBytes,
  hexDigest,
  refuse,
  u64,
  u64Param,
  waitMsParam,
  wholeNumber,
} from "./params.ts";

// What can be asked at /rpc: one source for dispatch, validation, the OpenRPC document and the types of clients.

/** A method as clients see it. */
export interface MethodContract {
  readonly summary: string;
  /** The members of the one parameter object, or `noParams`. */
  readonly params: z.ZodType;
  readonly result: z.ZodType;
  /** Why it can be refused, beside what any call can: `commonErrors`. */
  readonly errors: Errors;
}

/** Of a method that takes nothing at all, not even an empty object. */
const noParams = z.undefined();

type Errors = readonly ApiErrorCode[];

/** Why any call can be refused. */
export const commonErrors: Errors = ["invalid params", "answers too large", "too many answers"];

const fileErrors: Errors = ["database in use", "database failed"];
const readingErrors: Errors = ["unknown block", ...fileErrors];
const waitingErrors: Errors = ["too many waiting", "shut down", ...fileErrors];
const proposingErrors: Errors = ["data too large", "mempool full", "shut down", ...fileErrors];

/** Bytes of block data after which a page ends early. */
export const maxPageBytes = 1024 * 1024;

const blockSummary = z.object({ id: blockId, height: u64, timestamp: u64 }).meta({ id: "BlockSummary" });

const block = z
  .object({
    id: blockId,
    height: u64,
    parentId: blockId,
    timestamp: u64,
    data: hexBytes,
    status: z.literal("accepted"),
  })
  .meta({ id: "Block", description: "an accepted block; timestamp in Unix seconds" });

const foundBlock = block
  .extend({ match: z.enum(["data", "digest"]) })
  .meta({ id: "FoundBlock", description: "match: the block carries the data itself, or its digest" });

const classicBlock = z
  .object({ data: hexBytes, height: u64, parent_id: blockId, timestamp: u64 })
  .meta({ id: "ClassicBlock", description: "a block as timestampvm-rs gives it" });

const receipt = z
  .object({
    id: hexDigest,
    status: z.enum(["pending", "processing", "accepted", "unknown"]),
    block: blockSummary.optional(),
  })
  .meta({
    id: "Receipt",
    description:
      "id: SHA-256 of the data on chain. pending: waits on this node's disk; processing: in a block that is not " +
      "decided; accepted: in a block, which is given then; unknown: this node has never heard of it, or it has expired",
  });

const proof = z
  .object({
    version: z.literal(1n),
    id: blockId,
    height: u64,
    timestamp: u64,
    digest: hexDigest,
    to: blockSummary,
    blocks: z.array(hexBytes),
  })
  .meta({
    id: "Proof",
    description:
      "blocks: the exact bytes of the proven block, of its child, and so on up to block `to`. The SHA-256 of each is " +
      "its id, which the next one names as its parent_id. digest: SHA-256 of the proven block's data",
  });

const success = z.object({ success: z.literal(true) }).meta({ id: "Success" });

const limit = wholeNumber(1n, BigInt(maxPageBlocks), "how many blocks at most; fewer when they are large")
  .transform(Number)
  .default(defaultPageBlocks);

const next = u64.optional().meta({ description: "`from` of the next page" });

const subject = { data: dataParam.optional(), digest: digestParam.optional() };

/** What a stamp or a search is about. */
export type Subject = { readonly data: Uint8Array } | { readonly digest: Digest };

/** Exactly one of the members, which cannot be said in the type of a parameter object. */
function toSubject(
  { data, digest }: { readonly data?: Uint8Array | undefined; readonly digest?: Digest | undefined },
  context: z.core.$RefinementCtx,
): Subject {
  if (data !== undefined && digest === undefined) return { data };
  if (digest !== undefined && data === undefined) return { digest };
  return refuse(context, "give one of data and digest");
}

/** What a proof is about. */
export type Proven = { readonly id: Id } | { readonly digest: Digest };

/** The same as `toSubject`. */
function toProven(
  { id, digest }: { readonly id?: Id | undefined; readonly digest?: Digest | undefined },
  context: z.core.$RefinementCtx,
): Proven {
  if (id !== undefined && digest === undefined) return { id };
  if (digest !== undefined && id === undefined) return { digest };
  return refuse(context, "give one of id and digest");
}

/** Every method by its name. */
export const contract = {
  ping: {
    summary: "Answers, so that one knows that the API is there.",
    params: noParams,
    result: success,
    errors: [],
  },
  proposeBlock: {
    summary: "Proposes data for a block, as timestampvm-rs does. It is on this node's disk when this answers.",
    params: z.object({ data: dataParam }),
    result: success,
    errors: proposingErrors,
  },
  lastAccepted: {
    summary: "The id of the last accepted block, as timestampvm-rs gives it.",
    params: noParams,
    result: z.object({ id: blockId }),
    errors: [],
  },
  getBlock: {
    summary: "An accepted block by its id, as timestampvm-rs gives it.",
    params: z.object({ id: blockIdParam }),
    result: z.object({ block: classicBlock }),
    errors: readingErrors,
  },
  getBlockByHeight: {
    summary: "The accepted block at a height.",
    params: z.strictObject({ height: u64Param("0 is the genesis block") }),
    result: z.object({ block }),
    errors: readingErrors,
  },
  getBlockAt: {
    summary: "The last accepted block whose timestamp is not after a time.",
    params: z.strictObject({ timestamp: u64Param("Unix seconds") }),
    result: z.object({ block }),
    errors: readingErrors,
  },
  getBlocks: {
    summary: "Accepted blocks, a page at a time: the newest first, or ascending as the chain goes.",
    params: z.strictObject({
      from: u64Param("the height to begin at; without it, at the newest, or ascending at 0").optional(),
      limit,
      order: z.enum(["ascending", "descending"], "must be ascending or descending").default("descending"),
      waitMs: waitMsParam("for a block at `from`, if it is not there yet"),
    }),
    result: z.object({ blocks: z.array(block), next }),
    errors: waitingErrors,
  },
  stamp: {
    summary:
      "Puts data on the chain, or only its digest. What an accepted block carries already gives that block's " +
      "receipt, and no new block. It is on this node's disk when this answers.",
    params: z.strictObject(subject).transform(toSubject),
    result: receipt,
    errors: proposingErrors,
  },
  getReceipt: {
    summary: "How far a stamp is.",
    params: z.strictObject({
      id: digestParam.meta({ description: "the receipt's id: SHA-256 of the data on chain" }),
      waitMs: waitMsParam("until it is accepted"),
    }),
    result: receipt,
    errors: waitingErrors,
  },
  find: {
    summary:
      "Every accepted block that carries data, or its digest, first one first: when was it first stamped? Data is " +
      "found by its SHA-256.",
    params: z
      .strictObject({ ...subject, from: u64Param("the height to begin at").default(0n), limit })
      .transform(({ from, limit, ...given }, context) => ({ subject: toSubject(given, context), from, limit })),
    result: z.object({ blocks: z.array(foundBlock), next }),
    errors: fileErrors,
  },
  getProof: {
    summary:
      "What a stranger needs to check without a node that a block was there before a later one, whose id one has " +
      "elsewhere. Of a digest, the first block that `find` gives.",
    params: z
      .strictObject({
        id: blockIdParam.optional(),
        digest: digestParam.optional(),
        to: blockIdParam.meta({ description: "the later block; without it, the last accepted one" }).optional(),
      })
      .transform(({ to, ...given }, context) => ({ proven: toProven(given, context), to })),
    result: z.object({
      proof,
      next: blockId.optional().meta({
        description: "there is more: ask for the proof of this block, the last of these, and append its other blocks",
      }),
    }),
    errors: ["no proof", ...readingErrors],
  },
  getStatus: {
    summary: "What this node is, and how far its chain is.",
    params: z.strictObject({}),
    result: z
      .object({
        version: z.string(),
        protocol: u64.meta({ description: "of RPCChainVM, spoken with the node" }),
        networkId: u64.optional(),
        chainId: z.string(),
        nodeId: z.string().optional(),
        notice: z.string().optional().meta({ description: "what this is, when it is not a node" }),
        state: z.enum(["initializing", "state syncing", "bootstrapping", "normal operation"]),
        lastAccepted: blockSummary,
        preference: blockSummary.meta({ description: "what this node would build on; not necessarily accepted" }),
        processing: u64.meta({ description: "blocks that are verified and not decided" }),
        mempool: z.object({ count: u64, bytes: u64, oldestSeconds: u64 }),
        databaseBytes: u64,
        peers: u64.meta({ description: "nodes of this chain that are connected" }),
        uptimeSeconds: u64,
      })
      .meta({ id: "Status" }),
    errors: fileErrors,
  },
  "rpc.discover": {
    summary: "This API as an OpenRPC document.",
    params: z.strictObject({}),
    result: z.looseObject({ openrpc: z.string() }).meta({ description: "https://spec.open-rpc.org" }),
    errors: [],
  },
} as const satisfies Readonly<Record<string, MethodContract>>;

/** The same as a type. */
export type Contract = typeof contract;
/** A method of the API. */
export type MethodName = keyof Contract;

/** What a client gives to a method; undefined where it takes nothing. */
export type ParamsOf<Name extends MethodName> = z.input<Contract[Name]["params"]>;

/** What a method gives: every integer a bigint. */
export type ResultOf<Name extends MethodName> = z.output<Contract[Name]["result"]>;

/** How far a stamp is, as `stamp` and `getReceipt` give it. */
export type Receipt = ResultOf<"getReceipt">;

/** What the implementation of a method takes. */
export type CheckedParamsOf<Name extends MethodName> = z.output<Contract[Name]["params"]>;

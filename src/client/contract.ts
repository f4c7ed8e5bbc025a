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
  refuse,
  timeParam,
  u64,
  u64Param,
  waitMsParam,
  wholeNumber,
} from "./params.ts";
import {
  block,
  blockSummary,
  classicBlock,
  foundBlock,
  knowledge,
  proof,
  receipt,
  stampReceipt,
  success,
} from "./results.ts";

// The methods at /rpc: one source for dispatch, validation, the OpenRPC document and the types of clients.

/** A method as clients see it. */
export interface MethodContract {
  readonly summary: string;
  /** The parameters in their order by position, in which a new one comes last; or `noParams`. */
  readonly params: z.ZodType;
  /** Exactly one of these parameters must be given, which neither the type of an object nor OpenRPC can say. */
  readonly oneOf?: readonly string[];
  readonly result: z.ZodType;
  /** The errors of this method, in addition to `commonErrors`. */
  readonly errors: Errors;
}

/** For a method without parameters: not even an empty object is allowed. */
const noParams = z.undefined();

/** The names of the parameters, in their order by position. */
export function parameterNames(params: z.ZodType): readonly string[] {
  if (params instanceof z.ZodPipe) return params.in instanceof z.ZodObject ? Object.keys(params.in.shape) : [];
  return params instanceof z.ZodObject ? Object.keys(params.shape) : [];
}

type Errors = readonly ApiErrorCode[];

/** The errors that every call can have. */
export const commonErrors: Errors = ["invalid params", "answers too large", "too many answers"];

const fileErrors: Errors = ["database in use", "database failed"];
const readingErrors: Errors = ["unknown block", ...fileErrors];
const waitingErrors: Errors = ["too many waiting", "shut down", ...fileErrors];
const proposingErrors: Errors = ["data too large", "mempool full", "shut down", ...fileErrors];

/** Bytes of block data after which a page ends early. */
export const maxPageBytes = 1024 * 1024;

const limit = wholeNumber(1n, BigInt(maxPageBlocks), "how many blocks at most; fewer when they are large")
  .transform(Number)
  .default(defaultPageBlocks);

const next = u64.optional().meta({ description: "`from` of the next page" });

const subject = { data: dataParam.optional(), digest: digestParam.optional() };

/** The subject of a stamp or a search. */
export type Subject = { readonly data: Uint8Array } | { readonly digest: Digest };

/** Requires exactly one of the members, as `oneOf` says. */
function toSubject(
  { data, digest }: { readonly data?: Uint8Array | undefined; readonly digest?: Digest | undefined },
  context: z.core.$RefinementCtx,
): Subject {
  if (data !== undefined && digest === undefined) return { data };
  if (digest !== undefined && data === undefined) return { digest };
  return refuse(context, "give one of data and digest");
}

/** The subject of a proof. */
export type Proven = { readonly id: Id } | { readonly digest: Digest };

/** Like `toSubject`. */
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
    summary: "Answers, which shows that the API works.",
    params: noParams,
    result: success,
    errors: [],
  },
  proposeBlock: {
    summary: "Proposes data for a block, as timestampvm-rs does. The data is on this node's disk before the answer.",
    params: z.object({ data: dataParam }),
    result: success,
    errors: proposingErrors,
  },
  lastAccepted: {
    summary: "The id of the last accepted block, in the form of timestampvm-rs.",
    params: noParams,
    result: z.object({ id: blockId }),
    errors: [],
  },
  getBlock: {
    summary: "An accepted block by its id, in the form of timestampvm-rs.",
    params: z.object({ id: blockIdParam }),
    result: z.object({ block: classicBlock, ...knowledge }),
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
    params: z.strictObject({ timestamp: timeParam }),
    result: z.object({ block }),
    errors: readingErrors,
  },
  getBlocks: {
    summary: "Accepted blocks in pages: the newest first, or ascending by height.",
    params: z.strictObject({
      from: u64Param("the height to begin at; by default the newest, or 0 if ascending").optional(),
      limit,
      order: z.enum(["ascending", "descending"], "must be ascending or descending").default("descending"),
      waitMs: waitMsParam("for a block at `from`, if it is not there yet"),
    }),
    result: z.object({ blocks: z.array(block), next }),
    errors: waitingErrors,
  },
  stamp: {
    summary:
      "Puts data on the chain, or only its digest. If an accepted block carries it already, gives that block's " +
      "receipt, and makes no new block, unless this node confirms the time of no such block: see `salted`. The data " +
      "is on this node's disk before the answer.",
    params: z.strictObject(subject).transform(toSubject),
    oneOf: ["data", "digest"],
    result: stampReceipt,
    errors: proposingErrors,
  },
  getReceipt: {
    summary: "The state of a stamp.",
    params: z.strictObject({
      id: digestParam.meta({ description: "the receipt's id: SHA-256 of the data on chain" }),
      waitMs: waitMsParam("until it is accepted"),
    }),
    result: receipt,
    errors: waitingErrors,
  },
  find: {
    summary:
      "All accepted blocks that carry data or its digest, the lowest first: there the data was first stamped. Data " +
      "is found by its SHA-256.",
    params: z
      .strictObject({ ...subject, from: u64Param("the height to begin at").default(0n), limit })
      .transform(({ from, limit, ...given }, context) => ({ subject: toSubject(given, context), from, limit })),
    oneOf: ["data", "digest"],
    result: z.object({ blocks: z.array(foundBlock), next }),
    errors: fileErrors,
  },
  getProof: {
    summary:
      "A proof that a block existed before a later one was made. Anyone can check it without a node, with the later " +
      "block's id from a source that they trust. For a digest, it proves the first block that `find` gives, if that " +
      "has a proof, else the first that has one. A proof of one block leads to itself, and proves nothing yet.",
    params: z
      .strictObject({
        id: blockIdParam.optional(),
        digest: digestParam.optional(),
        to: blockIdParam
          .meta({ description: "the later block; by default the next one, or the block itself if there is none yet" })
          .optional(),
      })
      .transform(({ to, ...given }, context) => ({ proven: toProven(given, context), to })),
    oneOf: ["id", "digest"],
    result: z.object({
      proof,
      next: blockId.optional().meta({
        description: "there are more blocks: ask for the proof of this one, the last here, and append its other blocks",
      }),
    }),
    errors: ["no proof", ...readingErrors],
  },
  getStatus: {
    summary: "The state of this node and of its chain.",
    params: z.strictObject({}),
    result: z
      .object({
        version: z.string(),
        protocol: u64.meta({ description: "the RPCChainVM protocol, spoken with the node" }),
        networkId: u64.optional(),
        chainId: z.string(),
        nodeId: z.string().optional(),
        notice: z.string().optional().meta({ description: "what this server is, if it is not a node" }),
        state: z.enum(["initializing", "state syncing", "bootstrapping", "normal operation"]),
        lastAccepted: blockSummary,
        preference: blockSummary.meta({
          description: "the block on which this node would build; not necessarily accepted",
        }),
        processing: u64.meta({ description: "blocks that are verified but not decided" }),
        mempool: z.object({ count: u64, bytes: u64, oldestSeconds: u64 }),
        databaseBytes: u64,
        peers: u64.meta({ description: "connected nodes of this chain" }),
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

/** The contract as a type. */
export type Contract = typeof contract;
/** A method of the API. */
export type MethodName = keyof Contract;

/** The parameters that a client gives to a method; undefined if it takes none. */
export type ParamsOf<Name extends MethodName> = z.input<Contract[Name]["params"]>;

/** The result of a method. Every integer is a bigint. */
export type ResultOf<Name extends MethodName> = z.output<Contract[Name]["result"]>;

/** The state of a stamp, as `stamp` and `getReceipt` give it. */
export type Receipt = ResultOf<"getReceipt">;

/** The block of a receipt. */
export type StampedBlock = NonNullable<Receipt["block"]>;

/** The parsed parameters that the implementation of a method takes. */
export type CheckedParamsOf<Name extends MethodName> = z.output<Contract[Name]["params"]>;

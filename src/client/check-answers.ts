import { type Digest, digestOf, digestToBytes, matchOf } from "../core/digest.ts";
import { parseDigest } from "../core/digest-text.ts";
import { parseNonce } from "../core/nonce.ts";
import { nonceBytes, saltedDigest } from "../core/salted-digest.ts";
import { AnswerError, expectTrue } from "./answer-error.ts";
import { type AnsweredBlock, dataOf, expectOwnId } from "./answered-block.ts";
import { parseBytes } from "./bytes-text.ts";
import type { CallApi } from "./client.ts";
import type { MethodName, ParamsOf, Receipt, ResultOf } from "./contract.ts";
import { expectKnownTime } from "./known-time.ts";

/**
 * Gives a client that believes no answer that contradicts itself, or that is about something else than was asked
 * for. The id of a block is the SHA-256 of what the block says; what was found carries the data; what was stamped is
 * in the block that is named; what a node knows of a time follows from when it saw the block. Rejects as `call`
 * does, or with an `AnswerError`. A lie that is whole goes unnoticed: against a chain that somebody has made up
 * there are proofs, and an id that is known from elsewhere. The answers of `getProof` are checked by `fetchProof`.
 */
export function checkAnswers(call: CallApi): CallApi {
  const checked: CallApi = async (method, params, signal) => {
    const result = await call(method, params, signal);
    const check: Check<typeof method> | undefined = checks[method];
    await check?.(params, result, (method, params) => checked(method, params, signal));
    return result;
  };
  return checked;
}

/** Rejects with an `AnswerError`. `call` asks the same server. */
type Check<Name extends MethodName> = (params: ParamsOf<Name>, result: ResultOf<Name>, call: CallApi) => Promise<void>;

const checks: { readonly [Name in MethodName]?: Check<Name> } = {
  getBlock: ({ id }, { block: { parent_id: parentId, ...block }, ...known }, call) =>
    expectBlock({ ...block, ...known, id, parentId }, call),
  getBlockByHeight: ({ height }, { block }, call) => {
    expectTrue(block.height === BigInt(height), `block ${block.id} is at height ${block.height}`);
    return expectBlock(block, call);
  },
  getBlockAt: ({ timestamp }, { block }, call) => {
    expectTrue(block.timestamp <= BigInt(timestamp), `block ${block.id} is of a later time`);
    return expectBlock(block, call);
  },
  getBlocks: checkPage,
  find: checkFound,
  stamp: checkStamp,
  getReceipt: ({ id }, receipt, call) => checkReceipt(parseDigest(id), receipt, call),
};

function expectBlock(block: AnsweredBlock, call: CallApi): Promise<void> {
  expectKnownTime(block);
  return expectOwnId(block, call);
}

async function checkPage(
  { from, order }: ParamsOf<"getBlocks">,
  { blocks, next }: ResultOf<"getBlocks">,
  call: CallApi,
): Promise<void> {
  const isAscending = order === "ascending";
  const first = blocks[0]?.height;
  if (from !== undefined && first !== undefined) {
    const isAsked = isAscending ? first === BigInt(from) : first <= BigInt(from);
    expectTrue(isAsked, `it begins at height ${first}, not at ${from}`);
  }
  const last = blocks.at(-1)?.height;
  const behind = last === undefined ? BigInt(from ?? 0) : last + (isAscending ? 1n : -1n);
  const isNext = next === behind && (last !== undefined || isAscending); // an ascending page may still be empty
  expectTrue(next === undefined || isNext, `the next page begins at height ${next}`);
  await checkInOrder(isAscending ? blocks : blocks.toReversed(), call, (block, before) => {
    const isChild = block.parentId === before.id && block.height === before.height + 1n;
    expectTrue(isChild, `block ${block.id} does not follow block ${before.id}`);
  });
}

async function checkFound(params: ParamsOf<"find">, { blocks, next }: ResultOf<"find">, call: CallApi): Promise<void> {
  const digest = givenDigest(params);
  for (const block of blocks) {
    const match = digest === undefined ? block.match : matchOf(dataOf(block), digest);
    expectTrue(match === block.match, `block ${block.id} does not carry ${matched[block.match]}`);
    expectTrue(block.height >= BigInt(params.from ?? 0), `block ${block.id} is at height ${block.height}`);
  }
  await checkInOrder(blocks, call, (block, before) => {
    expectTrue(block.height > before.height, `block ${block.id} does not come after block ${before.id}`);
  });
  const last = blocks.at(-1)?.height;
  const isFurther = next === undefined || (last !== undefined && next > last);
  expectTrue(isFurther, `the next page begins at height ${next}`);
}

const matched = { data: "the data itself", digest: "its SHA-256" } as const;

/** The time of a block is never before that of a block below it. */
async function checkInOrder(
  ascending: readonly AnsweredBlock[],
  call: CallApi,
  checkNext: (block: AnsweredBlock, before: AnsweredBlock) => void,
): Promise<void> {
  for (const [i, block] of ascending.entries()) {
    await expectBlock(block, call);
    const before = ascending[i - 1];
    if (before === undefined) continue;
    checkNext(block, before);
    expectTrue(block.timestamp >= before.timestamp, `block ${block.id} is older than block ${before.id} below it`);
  }
}

/** The second stamp must be of the same data with the nonce that comes with it: nobody would find another one again. */
async function checkStamp(params: Given, { salted, ...receipt }: ResultOf<"stamp">, call: CallApi): Promise<void> {
  await checkReceipt(stampedDigest(params), receipt, call);
  const digest = givenDigest(params);
  if (salted === undefined || digest === undefined) return;
  const nonce = parseNonce(salted.nonce);
  if (nonce === undefined) throw new AnswerError(`the nonce ${salted.nonce} has not ${nonceBytes} bytes`);
  await checkReceipt(digestOf(digestToBytes(saltedDigest(digest, nonce))), salted, call);
}

/** The receipt must be that of data with this digest, if it is known. Asks for the block that it names. */
async function checkReceipt(digest: Digest | undefined, { id, status, block }: Receipt, call: CallApi): Promise<void> {
  expectTrue(digest === undefined || parseDigest(id) === digest, `the receipt ${id} is that of something else`);
  expectTrue(
    (status === "accepted") === (block !== undefined),
    "a receipt has a block if it is accepted, and only then",
  );
  if (block === undefined) return;
  expectKnownTime(block);
  const { block: stamped } = await call("getBlockByHeight", { height: block.height });
  const isSame =
    stamped.id === block.id && stamped.timestamp === block.timestamp && stamped.reencoded === block.reencoded;
  expectTrue(isSame, `at height ${block.height} is block ${stamped.id}, and not what the receipt says`);
  expectTrue(digestOf(dataOf(stamped)) === parseDigest(id), `block ${block.id} carries something else`);
}

type Given = Pick<ParamsOf<"stamp">, "data" | "digest">;

/** The SHA-256 of the data on chain: of the data itself, or of the bytes of its SHA-256. */
function stampedDigest({ data, digest }: Given): Digest | undefined {
  const given = givenDigest({ data, digest });
  return digest === undefined || given === undefined ? given : digestOf(digestToBytes(given));
}

/** The SHA-256 of the data that a call is about. Undefined where it is malformed, which the server refuses. */
function givenDigest({ data = "", digest }: Given): Digest | undefined {
  if (digest !== undefined) return parseDigest(digest);
  const bytes = parseBytes(data);
  return bytes && digestOf(bytes);
}

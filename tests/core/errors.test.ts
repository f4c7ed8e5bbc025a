import { describe, expect, test } from "bun:test";
import { messageOf } from "../../src/avalanche/coded-error.ts";
import { IdError, zeroId } from "../../src/avalanche/id.ts";
import { ChainError, expectChainError } from "../../src/core/errors.ts";
import { ProofError } from "../../src/proof/errors.ts";
import { FileError } from "../../src/store/errors.ts";
import { LimitError } from "../../src/vm/limit-error.ts";
import type { Refusal } from "../support/refusal.ts";

const id = zeroId;

/** One of each; the compiler asks for a row when a code is added. */
const refusalByCode: { readonly [Code in Refusal["code"]]: [Omit<Extract<Refusal, { code: Code }>, "code">, string] } =
  {
    "malformed block": [{ problem: "no data" }, "malformed block: no data"],
    "malformed genesis": [{ problem: "no data" }, "malformed genesis: no data"],
    "malformed id": [{ problem: "not base58" }, "malformed id: not base58"],
    "malformed config": [{ problem: "not JSON" }, "malformed chain config: not JSON"],
    "malformed proof": [{ problem: "it has no blocks" }, "not a proof: it has no blocks"],
    "no proof": [
      { id },
      `no proof goes through block ${id}: timestampvm-rs kept it in another form than the one it had`,
    ],
    "data too large": [{ bytes: 1_048_586, maxBytes: 1_048_576 }, "data 1048586-byte exceeds the limit 1048576-byte"],
    "mempool full": [
      { items: 3, bytes: 7 },
      "mempool full: 3 proposals of 7 bytes are waiting for a block, try again later",
    ],
    "too many waiting": [{ waiting: 1_000 }, "1000 calls are waiting already: ask again without waitMs"],
    "too many answers": [{}, "too many answers wait to be fetched, try again later: nothing was done"],
    "answers too large": [{}, "the answers to this batch are too large"],
    "unknown parent": [{ parentId: id }, `unknown parent ${id}`],
    "wrong height": [{ height: 3n, parentHeight: 1n }, "height 3 does not follow the parent's height 1"],
    "timestamp before parent": [
      { timestamp: 1n, parentTimestamp: 2n },
      "timestamp 1 is before the parent's timestamp 2",
    ],
    "future timestamp": [{ timestamp: 3600n, now: 0n }, "timestamp 3600 is an hour or more ahead of local time 0"],
    "unknown block": [{}, "not found"],
    "nothing to build": [{}, "nothing to build: no proposal is waiting for a block"],
    "too early": [{ waitMs: 250 }, "too early: minBlockIntervalMs asks for another 250 ms before the next block"],
    "height decided": [
      { height: 1n, lastAcceptedHeight: 2n },
      "height 1 is decided: the last accepted block has height 2",
    ],
    "too many processing": [{ bytes: 9, maxBytes: 8 }, "undecided blocks hold 9 bytes, the limit is 8"],
    "not processing": [{ id }, `block ${id} is not processing: it was never verified`],
    "already accepted": [{ id }, `block ${id} is accepted already`],
    "already rejected": [{ id }, `block ${id} is rejected already`],
    "not next": [
      { id, parentId: id, lastAcceptedId: id },
      `block ${id} has parent ${id}, but the last accepted block is ${id}`,
    ],
    "shut down": [{}, "the VM is shut down"],
    "clock behind": [
      { seconds: 4_000n },
      "the preferred block is 4000 s ahead of the local clock, too far to build on it: set the clock",
    ],
    "proposals wait": [{ items: 2, seconds: 61 }, "2 proposals wait for a block, the oldest for 61 s"],
    "database in use": [
      { file: "/x/y.db" },
      "/x/y.db is in use by another process: stop the other timestampvm that runs on this chain data directory",
    ],
    "database failed": [{ file: "/x/y.db", problem: "it is full", cure: "empty it" }, "/x/y.db: it is full; empty it"],
  };

describe("every refusal says what it is", () => {
  test.each(Object.entries(refusalByCode))("%s", (code, [data, text]) => {
    const refusal = { code, ...data } as Refusal;
    expect(errorOf(refusal)).toMatchObject({ message: text, refusal });
  });
});

/** In the class of its world. */
function errorOf(refusal: Refusal): Error {
  switch (refusal.code) {
    case "malformed id":
      return new IdError(refusal.problem);
    case "malformed proof":
    case "no proof":
      return new ProofError(refusal);
    case "too many waiting":
    case "too many answers":
    case "answers too large":
      return new LimitError(refusal);
    case "database in use":
    case "database failed":
      return new FileError(refusal);
    default:
      return new ChainError(refusal);
  }
}

test("an error keeps its cause", () => {
  const cause = new Error("below");
  expect(new ChainError({ code: "shut down" }, { cause }).cause).toBe(cause);
});

describe("a thrown value that must be a refusal of the chain", () => {
  test("is that refusal", () => {
    const error = new ChainError({ code: "shut down" });
    expect(expectChainError(error)).toBe(error);
  });

  test.each([new Error("a bug"), "text", undefined])("is thrown again when it is %p", (error) => {
    let thrown: unknown = "nothing";
    try {
      expectChainError(error);
    } catch (again) {
      thrown = again;
    }
    expect(thrown).toBe(error);
  });
});

test("the message of a thrown value is its message, or its text", () => {
  expect([new SyntaxError("no object"), "text", undefined].map(messageOf)).toEqual(["no object", "text", "undefined"]);
});

import { describe, expect, spyOn, test } from "bun:test";
import { answerQuestion } from "../../src/clients/answer.ts";
import type { Question } from "../../src/clients/messages.ts";
import { RemoteChain, statusMs } from "../../src/clients/remote-chain.ts";
import { SharedFigures } from "../../src/clients/shared.ts";
import { digestOf } from "../../src/core/digest.ts";
import { Log } from "../../src/log.ts";
import { BlockReader } from "../../src/store/block-reader.ts";
import { maxWokenPerTurn } from "../../src/vm/confirmed-chain.ts";
import { acceptAll, bytesOf, chainOn, childOf, genesis, startVm, submissionsOf } from "../support/chain.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** A chain, the view of it, and what that has asked. `before` is done when a question has come, before its answer. */
function start(before: (question: Question) => void = () => {}) {
  const directory = temporaryDirectory();
  const file = directory.file("chain.db");
  const head = new SharedFigures();
  const { vm, clock } = startVm({ file, head });
  const asked: Question[] = [];
  const reader = BlockReader.openBeside(file);
  const ask = async (question: Question) => {
    asked.push(question);
    before(question);
    remote.receive(await answerQuestion(vm, question, new Log(() => {})));
  };
  const remote = new RemoteChain({ reader, clock, head, ask: (question) => void ask(question) });
  const end = () => {
    reader.close();
    vm.close();
    directory[Symbol.dispose]();
  };
  return { vm, clock, head, remote, asked, [Symbol.dispose]: end };
}

const block = childOf(genesis, "data");
const digest = digestOf(block.data);

describe("a receipt", () => {
  test("is asked for with the others of its turn, and not at all when the file has the block", async () => {
    using chain = start();
    acceptAll(chain.vm, [block]);
    expect(await chain.remote.receiptOf(digest)).toEqual({ status: "accepted", block });
    expect(chain.asked).toEqual([]);
    const digests = Array.from({ length: 500 }, (_, i) => digestOf(bytesOf(`${i}`)));
    const receipts = await Promise.all(digests.map((digest) => chain.remote.receiptOf(digest)));
    expect(receipts).toEqual(Array(500).fill({ status: "unknown" }));
    expect(chain.asked).toEqual([{ type: "undecided", digests }]);
  });

  test("is of the block that was confirmed while it was asked for", async () => {
    using chain = start(() => acceptAll(chain.vm, [block]));
    expect(await chain.remote.receiptOf(digest)).toEqual({ status: "accepted", block });
  });

  test("says that a block is not confirmed which was accepted while it was asked for", async () => {
    using chain = start(() => {
      chain.vm.verifyBlock(block.bytes);
      chain.vm.acceptBlock(block.id);
    });
    expect(await chain.remote.receiptOf(digest)).toEqual({ status: "processing" });
  });
});

describe("a status", () => {
  test("is asked for once in so many ms, however many want it", async () => {
    using chain = start();
    const ask = () => Promise.all(Array.from({ length: 100 }, () => chain.remote.status()));
    const [first] = await ask();
    expect(first).toEqual(chain.vm.status());
    chain.clock.advanceMs(statusMs - 1);
    await ask();
    expect(chain.asked).toHaveLength(1);
    chain.clock.advanceMs(1);
    await ask();
    expect(chain.asked).toHaveLength(2);
  });

  test("is never from before the last confirmed block, or the last proposal", async () => {
    using chain = start();
    expect(await chain.remote.status()).toMatchObject({ mempool: { items: 0 } });
    await chain.remote.propose(submissionsOf(block.data));
    expect(await chain.remote.status()).toMatchObject({ mempool: { items: 1 } });
    acceptAll(chain.vm, [block]);
    expect(await chain.remote.status()).toMatchObject({ lastAccepted: { height: 1n }, mempool: { items: 0 } });
  });
});

test("a proposal takes its own bytes across, and not the memory that they are a part of", async () => {
  using chain = start();
  const large = new Uint8Array(1_000_000);
  await chain.remote.propose(submissionsOf(large.subarray(10, 20)));
  const [question] = chain.asked;
  expect(question?.type === "propose" && question.batch[0]?.data.buffer.byteLength).toBe(10);
});

test("what the chain refuses is the same error on this side", async () => {
  using chain = start();
  const [refusal] = await chain.remote.propose(submissionsOf(new Uint8Array(1_000_001)));
  expect(refusal).toMatchObject({ name: "ChainError", refusal: { code: "data too large", bytes: 1_000_001 } });
  using propose = spyOn(chain.vm, "propose").mockImplementation(() => {
    throw refusal;
  });
  const error = await chain.remote.propose([]).catch((error: unknown) => error);
  expect(propose).toHaveBeenCalledTimes(1);
  expect(error).toMatchObject({ name: "ChainError", refusal: refusal?.refusal, message: refusal?.message });
});

test("many blocks at once wake who waits for them a few in each turn", async () => {
  using chain = start();
  const blocks = chainOn(genesis, 3 * maxWokenPerTurn);
  const never = new AbortController().signal;
  const woken: bigint[] = [];
  const waiting = blocks.map(({ height }) =>
    chain.remote.confirmed.waitForHeight(height, 25_000, never, `${height}`).then(() => woken.push(height)),
  );
  acceptAll(chain.vm, blocks);
  chain.remote.wake();
  await Promise.resolve();
  expect(woken).toEqual(blocks.slice(0, maxWokenPerTurn).map(({ height }) => height));
  await Promise.all(waiting);
  expect(woken).toEqual(blocks.map(({ height }) => height));
  expect(chain.head.waiting).toBe(0);
});

import { describe, expect, test } from "bun:test";
import type { NodeId } from "../../src/avalanche/node-id.ts";
import { digestOf } from "../../src/core/digest.ts";
import { maxDataBytes } from "../../src/core/proposal.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import type { StoredProposal } from "../../src/store/proposal-table.ts";
import { bytesOf, childOf, genesis, now, peer } from "../support/chain.ts";
import { withConnection } from "../support/database.ts";
import { refusalCodeOf, refusalOf } from "../support/refusal.ts";

function proposal(text: string, from?: NodeId): StoredProposal {
  const data = bytesOf(text);
  return { digest: digestOf(data), bytes: data.length, since: now, peer: from, data };
}

function openWith(...texts: readonly string[]): BlockStore {
  const store = BlockStore.open(":memory:");
  store.accept(genesis, digestOf(genesis.data));
  store.proposals.add(texts.map((text) => proposal(text)));
  return store;
}

const textsIn = (store: BlockStore) => [...store.proposals.readAll()].map(({ data }) => new TextDecoder().decode(data));
const accept = (store: BlockStore, text: string) =>
  store.accept(childOf(store.lastAccepted(), text), digestOf(bytesOf(text)));

describe("proposals in the file", () => {
  test("keep their place when they come again, and get the new peer", () => {
    const store = openWith();
    store.proposals.add([proposal("a", peer), proposal("b")]);
    store.proposals.add([proposal("c"), proposal("a")]);
    expect([...store.proposals.readAll()]).toEqual([proposal("a"), proposal("b"), proposal("c")]);
  });

  test("stay when that accept fails as a whole", () => {
    const store = openWith("a");
    accept(store, "first");
    const rival = childOf(genesis, "a"); // at a height that has an accepted block
    expect(refusalCodeOf(() => store.accept(rival, digestOf(rival.data)))).toBe("database failed");
    expect(textsIn(store)).toEqual(["a"]);
  });

  test("can be removed; an unknown one is ignored", () => {
    const store = openWith("a", "b");
    store.proposals.removeAll([digestOf(bytesOf("x")), digestOf(bytesOf("a"))]);
    expect(textsIn(store)).toEqual(["b"]);
  });
});

describe("the position of each proposal", () => {
  test("is known again after a change that failed", () => {
    const { opened: store, connection } = withConnection(() => openWith("a"));
    const when = "BEFORE INSERT ON mempool WHEN NEW.peer IS NOT NULL";
    connection.run(`CREATE TEMP TRIGGER no ${when} BEGIN SELECT RAISE(ABORT, 'no'); END`);
    const batch = [proposal("b"), proposal("c", peer)];
    expect(refusalCodeOf(() => store.proposals.add(batch))).toBe("database failed");
    expect(store.proposals.has(digestOf(bytesOf("b")))).toBeFalse();
    store.proposals.add([proposal("b")]);
    expect(textsIn(store)).toEqual(["a", "b"]);
  });

  test("is refused where one waits twice", () => {
    const { opened: store, connection } = withConnection(() => openWith("a"));
    connection.run("INSERT INTO mempool (digest, since, data) SELECT digest, since, data FROM mempool");
    store.proposals.forget();
    expect(refusalOf(() => store.proposals.has(digestOf(bytesOf("a"))))).toMatchObject({
      code: "database failed",
      problem: `proposal ${digestOf(bytesOf("a"))} waits twice`,
    });
  });
});

describe("rewinding blocks", () => {
  test("puts their data before all waiting proposals, in the order of the chain", () => {
    const store = openWith("new");
    for (const text of ["1", "2", "3", "4"]) accept(store, text);
    store.rewindAndRequeue(2n, now + 9n);
    store.rewindAndRequeue(1n, now + 9n);
    expect(textsIn(store)).toEqual(["2", "3", "4", "new"]);
    expect(store.lastAccepted().height).toBe(1n);
    const back = { ...proposal("2"), since: now + 9n };
    expect(store.proposals.read(back.digest), "as if a client had proposed it now").toEqual(back);
  });

  test("leaves a proposal that waits already in its place, once", () => {
    const store = openWith();
    for (const text of ["twice", "b", "twice", "waits"]) accept(store, text);
    store.proposals.add([proposal("new"), proposal("waits")]);
    store.rewindAndRequeue(0n, now);
    expect(textsIn(store)).toEqual(["b", "twice", "new", "waits"]);
  });

  test("leaves out data that is too large, which only another VM can have built", () => {
    const store = openWith();
    accept(store, "x".repeat(maxDataBytes));
    accept(store, "x".repeat(maxDataBytes + 1));
    store.rewindAndRequeue(0n, now);
    expect(textsIn(store).map((text) => text.length)).toEqual([maxDataBytes]);
  });

  test("of no block changes nothing", () => {
    const store = openWith("a");
    store.rewindAndRequeue(0n, now);
    expect(textsIn(store)).toEqual(["a"]);
    expect(store.lastAccepted()).toEqual(genesis);
  });
});

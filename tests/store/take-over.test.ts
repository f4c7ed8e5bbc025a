import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { createBlock, parseBlock } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { bytesOf, chainOn, childOf, genesis, now } from "../support/chain.ts";
import { refusalCodeOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const chain = [genesis, ...chainOn(genesis, 5)];

describe("accepted blocks of many heights", () => {
  test("are stored all or none", () => {
    const store = BlockStore.open(":memory:");
    expect(refusalCodeOf(() => store.acceptAll([...chain, childOf(genesis, "rival")]))).toBe("database failed");
    expect(chain.map(({ height }) => store.getIdAtHeight(height))).toEqual(chain.map(() => undefined));
  });

  test("remove what they carry from the proposals", () => {
    const store = BlockStore.open(":memory:");
    const [data, other] = [bytesOf("carried"), bytesOf("not carried")];
    for (const waiting of [data, other]) {
      const digest = digestOf(waiting);
      store.proposals.add([{ digest, data: waiting, bytes: waiting.length, since: now, peer: undefined }]);
    }
    store.acceptAll([genesis, childOf(genesis, data)]);
    expect([...store.proposals.readAll()].map(({ digest }) => digest)).toEqual([digestOf(other)]);
  });
});

describe("a block that timestampvm-rs encoded again", () => {
  const received = parseBlock(bytesOf(` ${new TextDecoder().decode(childOf(genesis, "data").bytes)}`));
  const left = createBlock(received);

  test("is damaged when the stored bytes change", () => {
    using directory = temporaryDirectory();
    const file = directory.file("blocks.db");
    const store = BlockStore.open(file);
    store.acceptReencoded(received.id, left);
    store.close();
    const db = new Database(file);
    db.run("UPDATE blocks SET data = ?", [bytesOf("date")]);
    db.close();
    const again = BlockStore.open(file);
    expect(refusalCodeOf(() => again.getBlock(received.id))).toBe("database failed");
    again.close();
  });
});

describe("a store that is rewound whole, with a new instance id,", () => {
  test("has no blocks and another instance id, and keeps the proposals", () => {
    using directory = temporaryDirectory();
    const file = directory.file("blocks.db");
    const store = BlockStore.open(file);
    const before = store.instanceId;
    const data = bytesOf("waits");
    store.proposals.add([{ digest: digestOf(data), data, bytes: data.length, since: now, peer: undefined }]);
    store.acceptAll(chain);
    store.reject(childOf(genesis, "rejected"));
    store.rewindWithNewId(undefined);
    const after = store.instanceId;
    expect(after).not.toEqual(before);
    expect(chain.map(({ id }) => store.getDecision(id))).toEqual(chain.map(() => undefined));
    expect(store.getDecision(childOf(genesis, "rejected").id)).toBeUndefined();
    store.close();
    const again = BlockStore.open(file);
    expect(again.instanceId).toEqual(after);
    expect([...again.proposals.readAll()].map(({ digest }) => digest)).toEqual([digestOf(data)]);
    again.close();
  });
});

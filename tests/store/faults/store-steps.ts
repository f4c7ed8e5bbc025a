import type { Database } from "bun:sqlite";
import type { Id } from "../../../src/avalanche/id.ts";
import type { Block } from "../../../src/core/block.ts";
import { digestOf } from "../../../src/core/digest.ts";
import { BlockStore } from "../../../src/store/block-store.ts";
import { bytesOf } from "../../support/chain.ts";
import { pragmaOf, withConnection } from "../../support/database.ts";
import { type Facts, killed, type Step, step } from "./history.ts";

/** What can be done to a store, for histories of one file. */
export function storeSteps(file: string) {
  let store: BlockStore | undefined;
  const onStore = (name: string, run: (store: BlockStore, known: Facts) => void, after?: Step["after"]) =>
    step(
      name,
      (known) => {
        if (store === undefined) throw new Error("not open");
        run(store, known);
      },
      after,
    );
  const die = onStore("die", (store) => killed(file, () => store.close()));
  const open = step("open", () => {
    store = openWithShortLog(file);
  });
  const close = onStore("close", (store) => store.close());
  const checkpoint = onStore("checkpoint", (store) => store.checkpoint());
  const full = onStore("sync each commit", (store) => store.setDurability("full"));
  const normal = onStore("sync checkpoints", (store) => store.setDurability("normal"));
  const accept = (block: Block) =>
    onStore(
      `accept ${block.height}`,
      (store) => store.accept(block, digestOf(block.data)),
      ({ chain, rejected, waiting }) => ({
        chain: [...chain, block.id],
        rejected,
        waiting: waiting.filter((digest) => digest !== digestOf(block.data)),
      }),
    );
  const reject = (block: Block) =>
    onStore(
      `reject at ${block.height}`,
      (store) => store.reject(block),
      (before) => ({ ...before, rejected: [...before.rejected, block.id] }),
    );
  const rejectAll = (...blocks: readonly Block[]) =>
    onStore(
      `reject ${blocks.length}`,
      (store) => store.rejectAll(blocks),
      (before) => ({ ...before, rejected: [...before.rejected, ...blocks.map(({ id }) => id)] }),
    );
  const propose = (...texts: readonly string[]) =>
    onStore(
      `propose ${texts}`,
      (store) => store.proposals.add(texts.map(proposalOf)),
      (before) => ({ ...before, waiting: [...before.waiting, ...texts.map((text) => digestOf(bytesOf(text)))] }),
    );
  const read = onStore("read", (store, known) => {
    const { chain, waiting } = readStore(store);
    if (!Bun.deepEquals([chain, waiting], [known.chain, known.waiting])) throw new Error("read wrong");
  });
  /** To a height above all rejected blocks. */
  const rewind = (height: number) =>
    onStore(
      `rewind to ${height}`,
      (store) => store.rewind(BigInt(height)),
      ({ chain, rejected, waiting }) => ({ chain: chain.slice(0, height + 1), rejected, waiting }),
    );

  return {
    ...{ open, close, die, read, checkpoint, full, normal, accept, reject, rejectAll, propose, rewind },
    leave: () => store?.close(),
  };
}

function proposalOf(text: string) {
  const data = bytesOf(text);
  return { digest: digestOf(data), data, bytes: data.length, since: 1n, peer: undefined };
}

/** SQLite moves a log of 1,000 pages into the file by itself, within a commit. Here it is so soon. */
function openWithShortLog(file: string): BlockStore {
  const { opened, connection } = withConnection<BlockStore>(() => BlockStore.open(file));
  pragmaOf(connection satisfies Database, "wal_autocheckpoint = 8");
  return opened;
}

/** The blocks by height and the proposals, each with what it holds. */
export function readStore(store: BlockStore): Omit<Facts, "rejected"> {
  const chain: Id[] = [];
  for (let height = 0n, id = store.getIdAtHeight(0n); id !== undefined; id = store.getIdAtHeight(++height)) {
    if (store.getBlock(id)?.height !== height) throw new Error(`block ${id} is missing or of another height`);
    chain.push(id);
  }
  return { chain, waiting: [...store.proposals.readAll().map(({ digest }) => digest)] };
}

// A process of its own, whose disk stalls: it commits while threads that read its file end. It exits with 0 when each
// commit was made. `bun ended-readers.ts FILE`

import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { systemClock } from "../../src/vm/clock.ts";
import { childOf, genesis } from "../support/chain.ts";

/** Threads that end, one after the other. */
const threads = 8;

const [file = ""] = process.argv.slice(2);
const store = BlockStore.open(file);
store.accept(genesis, digestOf(genesis.data));
store.syncBy({ syncLog: async () => {}, checkpoint: async () => {}, close: async () => {} }, systemClock);
writeFileSync(process.env.STALL ?? "", "");

let head = genesis;
for (let i = 0; i < threads; i++) {
  const thread = new Worker(new URL("../store/reading-thread.ts", import.meta.url).href, { argv: [file] });
  await once(thread, "message");
  let isThere = true;
  thread.addEventListener("close", () => {
    isThere = false;
  });
  thread.terminate();
  while (isThere) {
    head = childOf(head, `block beside thread ${i}`);
    store.accept(head, digestOf(head.data));
    await setImmediate();
  }
}
process.exit(0);

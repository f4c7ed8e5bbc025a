// A process of its own, for tests of what happens between processes. `bun child.ts TASK FILE`

import { readSync, writeSync } from "node:fs";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { upgradeDatabase } from "../../src/store/upgrade.ts";
import { childOf, genesis } from "../support/chain.ts";
import { refusalOf } from "../support/refusal.ts";

const [task, file = ""] = process.argv.slice(2);
const say = (line: string) => writeSync(1, `${line}\n`);

/** Tries to open the file, as the user whose number is in UID, and says what came of it. */
function tryToOpen(): void {
  const uid = Number(process.env.UID_TO_BE ?? 0);
  if (uid > 0) process.setuid?.(uid);
  say(JSON.stringify(refusalOf(() => BlockStore.open(file).close()) ?? { code: "opened" }));
}

/** Opens the file and holds it until the input ends. */
async function hold(): Promise<void> {
  const store = BlockStore.open(file);
  say("opened");
  await Bun.stdin.text();
  store.close();
}

/** Accepts blocks for ever; says each height once it is accepted. */
function acceptForEver(): void {
  say("opening");
  const store = BlockStore.open(file);
  say("opened");
  if (store.getIdAtHeight(0n) === undefined) store.accept(genesis, digestOf(genesis.data));
  for (let last = store.lastAccepted(); ; last = store.lastAccepted()) {
    say(`${last.height}`);
    const text = `${last.height}`.padEnd(Number(last.height % 40n) ** 3);
    const next = childOf(last, text);
    const { data } = next;
    const digest = digestOf(data);
    store.proposals.add([{ digest, data, bytes: data.length, since: 1n, peer: undefined }]);
    store.accept(next, digest);
  }
}

/** Accepts blocks until that is refused, says so, and tries again after each line of input. */
async function acceptUntilRefused(): Promise<void> {
  const store = BlockStore.open(file);
  if (store.getIdAtHeight(0n) === undefined) store.accept(genesis, digestOf(genesis.data));
  const acceptNext = () => {
    const next = childOf(store.lastAccepted(), new Uint8Array(20_000));
    return refusalOf(() => store.accept(next, digestOf(next.data)));
  };
  let refusal = acceptNext();
  while (refusal === undefined) refusal = acceptNext();
  const { height } = store.lastAccepted();
  say(JSON.stringify({ refusal, height: Number(height) }));
  await new Response(Bun.stdin.stream()).text();
  say(JSON.stringify({ refusal: acceptNext(), height: Number(store.lastAccepted().height) }));
  store.close();
}

/** Upgrades the file, step by step: says each, and takes it when a byte comes. Says why not, where it cannot. */
function upgradeStepwise(): void {
  const refusal = refusalOf(() => {
    for (const { blocks } of upgradeDatabase(file)) {
      say(`${blocks}`);
      readSync(0, new Uint8Array(1));
    }
  });
  say(JSON.stringify(refusal ?? { code: "upgraded" }));
}

const tasks: Readonly<Record<string, () => void | Promise<void>>> = {
  tryToOpen,
  hold,
  acceptForEver,
  acceptUntilRefused,
  upgradeStepwise,
};
await tasks[task ?? ""]?.();

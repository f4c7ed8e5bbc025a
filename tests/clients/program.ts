// A program of its own: under `bun test`, what a thread does not catch ends it, and so it is not in the plugin.
// `bun program.ts TASK WAY`

import { writeSync } from "node:fs";
import { digestOf } from "../../src/core/digest.ts";
import { bytesOf, decideNext } from "../support/chain.ts";
import { ServedChain } from "./served-chain.ts";

const say = (line: object) => writeSync(1, `${JSON.stringify(line)}\n`);
const [task, way = ""] = process.argv.slice(2);

/** Prints what a client hears who waits while the thread throws something, and how often that was started again. */
async function goOn(): Promise<void> {
  await using chain = await ServedChain.start({ entry: "misbehaving" });
  const poll = chain.call("getReceipt", { id: digestOf(bytesOf("data")), waitMs: 25_000 });
  await chain.untilWaiting(1);
  chain.misbehave(way);
  await chain.propose("data");
  decideNext(chain.vm);
  const { status } = await poll;
  say({ status, restarts: chain.clients.restarts });
}

/** Ends the process while the thread is stuck. */
async function end(): Promise<void> {
  const chain = await ServedChain.start({ entry: "misbehaving" });
  const { beats } = chain.clients.head;
  chain.misbehave(way);
  await Bun.sleep(300); // some beats, if it were not
  say({ isStuck: chain.clients.head.beats - beats <= 1 });
  process.exit(0);
}

const tasks: Readonly<Record<string, () => Promise<void>>> = { goOn, end };
await tasks[task ?? ""]?.();

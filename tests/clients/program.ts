// A program of its own: under `bun test`, what a thread does not catch ends it, and so it is not in the plugin.
// `bun program.ts WAY` prints what a client hears who waits while the thread throws something, and how often that was
// started again.

import { writeSync } from "node:fs";
import { digestOf } from "../../src/core/digest.ts";
import { bytesOf, decideNext } from "../support/chain.ts";
import { ServedChain } from "./served-chain.ts";

await using chain = await ServedChain.start({ entry: "misbehaving" });
const poll = chain.call("getReceipt", { id: digestOf(bytesOf("data")), waitMs: 25_000 });
await chain.untilWaiting(1);
await chain.misbehave(process.argv.at(-1) ?? "");
await chain.propose("data");
decideNext(chain.vm);
const { status } = await poll;
writeSync(1, `${JSON.stringify({ status, restarts: chain.clients.restarts })}\n`);

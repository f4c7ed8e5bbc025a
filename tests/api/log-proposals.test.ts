import { expect, test } from "bun:test";
import { logProposals } from "../../src/api/log-proposals.ts";
import { ChainError } from "../../src/core/errors.ts";
import { Log, type LogLevel } from "../../src/log.ts";
import { bytesOf } from "../support/chain.ts";

const refused = new ChainError({ code: "data too large", bytes: 3, maxBytes: 2 });
const batch = ["one", "two"].map((text) => ({ data: bytesOf(text), caller: "somebody" }));

async function logged(level: LogLevel): Promise<unknown[]> {
  const lines: string[] = [];
  const log = new Log((line) => lines.push(line));
  log.setLevel(level);
  const outcome = await logProposals(() => [undefined, refused], log)(batch);
  expect(outcome).toEqual([undefined, refused]);
  return lines.map((line) => JSON.parse(line));
}

test("what became of each proposal is logged by its digest", async () => {
  // printf one | sha256sum
  const one = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";
  const two = "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3";
  const level = "debug";
  expect(await logged(level)).toEqual([
    { time: expect.any(String), level, event: "proposal acknowledged", digest: one, bytes: 3 },
    { time: expect.any(String), level, event: "proposal refused", digest: two, bytes: 3, reason: refused.message },
  ]);
});

test("nothing is, at any other level", async () => {
  expect(await logged("info")).toEqual([]);
});

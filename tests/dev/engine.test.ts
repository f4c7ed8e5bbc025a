import { expect, test } from "bun:test";
import type { Block } from "../../src/core/block.ts";
import { runEngine } from "../../src/dev/engine.ts";
import { Log } from "../../src/log.ts";
import { within } from "../fake-node/deadline.ts";
import { bytesOf, propose, startVm } from "../support/chain.ts";

test("a block that cannot be accepted is logged, and accepted when what hindered it is gone", async () => {
  const { vm } = startVm();
  const logged: string[] = [];
  const accepted = Promise.withResolvers<Block>();
  const accept = vm.acceptBlock.bind(vm);
  let failures = 2;
  vm.acceptBlock = (id) => {
    if (failures-- > 0) throw new Error("the disk is full");
    accept(id);
  };
  const end = new AbortController();
  const ended = runEngine(vm, accepted.resolve, new Log((line) => logged.push(line)), end.signal);
  propose(vm, bytesOf("one"));
  expect((await within("a block", accepted.promise)).height).toBe(1n);
  expect(logged.map((line) => JSON.parse(line))).toMatchObject(
    Array.from({ length: 2 }, () => ({ event: "no block", error: "the disk is full" })),
  );
  end.abort();
  await within("its end", ended);
  vm.close();
});

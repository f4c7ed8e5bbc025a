import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { within } from "../fake-node/deadline.ts";
import { openElsewhere } from "../store/child-process.ts";
import { ServedChain } from "./served-chain.ts";

/** Runs `program.ts`; gives what it printed, and its exit code. */
async function run(way: string): Promise<{ printed: unknown; code: number }> {
  const program = fileURLToPath(new URL("program.ts", import.meta.url));
  const child = Bun.spawn([process.execPath, program, way], { stdout: "pipe", stderr: "ignore" });
  const printed = JSON.parse(await within("the program's line", new Response(child.stdout).text()));
  return { printed, code: await within("its end", child.exited) };
}

test.each(["throw", "reject"])("a thread that does not catch an error (%s) goes on serving", async (way) => {
  expect(await run(way)).toEqual({ printed: { status: "accepted", restarts: 0 }, code: 0 });
});

test("no other process gets the file while clients are served", async () => {
  await using chain = await ServedChain.start();
  await chain.call("lastAccepted");
  expect(await openElsewhere(chain.file)).toEqual({ code: "database in use", file: chain.file });
});

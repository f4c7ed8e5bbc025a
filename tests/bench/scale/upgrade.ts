import { type Row, timeOf } from "../support/figures.ts";
import type { Sources } from "../support/sources.ts";
import { BuiltChain } from "./built-chain.ts";

/** Of a million blocks. */
const mostSeconds = 120;

/** How long a plugin takes to start, from Initialize to its first answer, on a file that other sources have made. */
export async function measureUpgrade(before: Sources, height: number): Promise<Row> {
  await using chain = await BuiltChain.build(before, height);
  await using plugin = await chain.startPlugin();
  process.stderr.write("bench: upgrading it\n");
  const ms = await timeOf(async () => {
    await plugin.start();
    await plugin.call("getBlockByHeight", { height });
  });
  await plugin.shutDown();
  return { name: "upgrade of an earlier file", unit: "s", value: ms / 1_000, most: mostSeconds };
}

import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { blockClaimsOf, readOts } from "timestampvm/proof";
import { root } from "../documents/sessions.ts";
import { makeHome } from "../documents/settings.ts";
import { Lines } from "../fake-node/lines.ts";
import { startTestChain } from "../support/dev-chain.ts";

const script = join(root, "examples/watch-folder/watch-folder.ts");

test("stamps what is there, what comes, and what comes in a folder, and nothing twice", async () => {
  const chain = await startTestChain();
  using home = makeHome();
  const fileOf = (name: string) => join(home.path, "scans", name);
  mkdirSync(fileOf(""));
  writeFileSync(fileOf("before.txt"), "before");
  const child = Bun.spawn([process.execPath, script, fileOf("")], {
    env: { ...home.env, TIMESTAMPVM_URL: chain.rpc },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const out = new Lines(child.stdout);
    await out.waitForText(/before\.txt/);
    writeFileSync(fileOf("comes.txt"), "comes");
    await out.waitForText(/comes\.txt/);
    mkdirSync(join(home.path, "new"));
    writeFileSync(join(home.path, "new/inside.txt"), "inside");
    renameSync(join(home.path, "new"), fileOf("new"));
    await out.waitForText(/inside\.txt/);
    for (const name of ["before.txt", "comes.txt", "new/inside.txt"]) {
      const { digest, ...file } = readOts(readFileSync(fileOf(`${name}.ots`)));
      expect(digest.toHex()).toBe(
        createHash("sha256")
          .update(readFileSync(fileOf(name)))
          .digest("hex"),
      );
      expect(blockClaimsOf({ digest, ...file }).map(({ kind }) => kind)).toEqual(["block"]);
      expect(existsSync(fileOf(`${name}.ots.ots`))).toBeFalse();
    }
    expect(out.text.filter((line) => line.includes("before.txt"))).toHaveLength(1);
  } finally {
    child.kill("SIGKILL");
    await child.exited;
    chain.close();
  }
});

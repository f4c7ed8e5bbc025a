import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { scripts } from "../../package.json" with { type: "json" };

// What the small papers of the repository say of the rest of it.

const root = join(import.meta.dir, "../..");
const textOf = (path: string) => readFileSync(join(root, path), "utf8");

/** What `make help` lists. */
const targets = [...textOf("Makefile").matchAll(/^([a-z-]+):.*## /gm)].map(([, target = ""]) => target);

test("each script of package.json is a target of the Makefile", () => {
  const { prepack: _, ...calls } = scripts;
  for (const [name, command] of Object.entries(calls)) {
    expect(command).toStartWith("make ");
    expect(targets, name).toContain(command.slice("make ".length));
  }
});

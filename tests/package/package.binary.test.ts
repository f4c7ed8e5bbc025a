import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { engines } from "../../package.json" with { type: "json" };
import type { Block } from "../../src/core/block.ts";
import type { DevChain } from "../../src/dev/dev-chain.ts";
import { browserPath, closeBrowser, Tab } from "../browser/browser.ts";
import { startTestChain } from "../support/dev-chain.ts";
import { Stranger } from "./stranger.ts";

// The package as a stranger has it: packed, installed in an empty directory, and used as docs/packages.md shows.

const bun = process.execPath;
let stranger: Stranger;
let chain: DevChain;
const accepted: Block[] = [];

beforeAll(async () => {
  stranger = await Stranger.install();
  chain = await startTestChain({
    onAccepted: (block) => {
      accepted.push(block);
    },
  });
  for (const [name, text] of await examples()) stranger.write(name, text.replace(/http:[^"]+\/rpc/, chain.rpc));
  stranger.copy("examples/counter/counter.ts", "counter.ts");
  stranger.copy("tests/package/life.ts", "life.ts");
});

afterAll(closeBrowser);
afterAll(() => {
  chain.close();
  stranger[Symbol.dispose]();
});

describe("the tarball", () => {
  test("has what the entries need, and nothing else", () => {
    const foldersAt = (depth: number, start = "") => {
      const paths = stranger.packed.filter((path) => path.startsWith(start));
      return [...new Set(paths.map((path) => path.split("/")[depth]))].sort();
    };
    const papers = ["CHANGELOG.md", "LICENSE", "README.md"];
    expect(foldersAt(0)).toEqual([...papers, "dist", "docs", "gen", "package.json", "src", "tests"]);
    expect(foldersAt(1, "src/")).toEqual(["avalanche", "client", "core", "log.ts", "proof", "rpcchainvm"]);
    expect(foldersAt(1, "tests/")).toEqual(["fake-node"]);
    expect(foldersAt(1, "dist/")).toEqual(["gen", "src", "tests"]);
    expect(stranger.packed.filter((path) => path.includes(".test."))).toEqual([]);
    expect(Bun.file(stranger.tarball).size).toBeLessThan(1024 * 1024);
  });

  test("has the documents of which the README says so", () => {
    const readme = stranger.read("README.md");
    const [, named = ""] = /The package for other programs has only ([\s\S]*?) of\s+these\./.exec(readme) ?? [];
    const documents = [...named.matchAll(/`([^`]+)`/g)].map(([, path = ""]) => path);
    const others = ["README.md", "tests/fake-node/README.md"];
    expect(stranger.packed.filter((path) => path.endsWith(".md")).sort()).toEqual([...documents, ...others].sort());
    for (const [, picture = ""] of readme.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g))
      expect(stranger.packed).toContain(picture);
  });

  test("names the packages that it imports, and no others", () => {
    const names = stranger.packed.filter((path) => path.endsWith(".js")).flatMap(packagesIn);
    names.push("@noble/hashes"); // which is #sha256 in browsers
    expect([...new Set(names)].sort()).toEqual([...stranger.dependencies].sort());
  });
});

describe("the declarations", () => {
  // "dom" is for those of @connectrpc/connect.
  test.each(["nodenext", "preserve"])("fit every entry, strictly, with module %p", async (module) => {
    expect(await typeErrors(["*.ts"], { module, lib: ["esnext", "dom"], types: ["bun"] })).toBe("");
  });

  test("of client and proof fit a browser, which has no types of Bun", async () => {
    expect(await typeErrors(["stamp.ts"], { module: "preserve", lib: ["esnext", "dom"], types: [] })).toBe("");
  });
});

describe.each([
  ["Bun", bun],
  ["Node.js", findNode()],
])("under %s", (_name, runtime) => {
  const testThere = test.skipIf(runtime === "");

  testThere("the client stamps, and its proof holds", async () => {
    await expectProof(await stranger.run([runtime, "stamp.ts"]));
  });

  testThere("a proof of a block that timestampvm-rs made holds, and one that was changed does not", async () => {
    stranger.write("idea.txt", "1\n");
    stranger.write("idea.proof.json", JSON.stringify(recorded));
    expect(await stranger.run([runtime, "check.ts"])).toBe(
      `idea.txt was there when block ${recorded.id} at height 1 was made\n` +
        "if that is a block of the chain; the stamp claims 2022-11-07T15:11:36.000Z\n",
    );
    stranger.write("idea.proof.json", JSON.stringify({ ...recorded, timestamp: recorded.timestamp - 1 }));
    const problem = "not a proof: the proven block has timestamp 1667833896, not 1667833895\n";
    expect(await stranger.run([runtime, "check.ts"])).toBe(problem);
  });

  testThere("a file is stamped, and its .ots file names the block, and no other file", async () => {
    stranger.write("idea.txt", `thought of under ${runtime}\n`);
    await stranger.run(["rm", "-f", "idea.txt.ots"]);
    await stranger.run([runtime, "stamp-file.ts"]);
    const block = accepted.at(-1);
    const genesis = chain.genesis.id;
    expect(await stranger.run([runtime, "check-file.ts"])).toBe(
      `idea.txt was there when block ${block?.id} at height ${block?.height} was made\n` +
        `if that is a block of the chain, which the proof calls ${genesis}\n`,
    );
    stranger.write("idea.txt", "thought of later\n");
    await expect(stranger.run([runtime, "check-file.ts"])).rejects.toThrow("the proof is about something else");
  });

  testThere("a VM lives", async () => {
    expect(await stranger.run([bun, "life.ts", runtime])).toBe("2\n");
  });
});

test("a VM's own tests run it with the node that the package brings", async () => {
  await stranger.run([bun, "test", "still.test.ts", "--test-name-pattern", "protocol (16|23|46):"]);
});

describe("client and proof in a browser", () => {
  const bundle = () => stranger.run([bun, "build", "--target=browser", "stamp.ts"]);

  test("import nothing when they are bundled", async () => {
    const script = await bundle();
    expect(new Bun.Transpiler().scanImports(script)).toEqual([]);
    expect(script).not.toMatch(/node:|\b(process|Buffer|Bun)\./);
  });

  test.skipIf(browserPath === undefined)("stamp, and check the proof", async () => {
    await using tab = await Tab.open();
    await tab.page.goto(chain.explorer); // where a page may ask the chain
    const printed = tab.page.waitForEvent("console");
    await tab.page.evaluate(`(async () => {${await bundle()}})()`);
    await expectProof((await printed).text());
  });
});

/** That what `stamp.ts` printed is the proof of its stamp. */
async function expectProof(printed: string): Promise<void> {
  stranger.write("idea.proof.json", printed);
  stranger.write("idea.txt", "what I thought of today\n");
  const [before, time] = (await stranger.run([bun, "check.ts"])).split("\n");
  const to = accepted[1] ?? accepted[0]; // the next block, once there is one
  expect(before).toBe(`idea.txt was there when block ${to?.id} at height ${to?.height} was made`);
  expect(time).toMatch(/^if that is a block of the chain; the stamp claims 20\d\d-/);
}

/** Block 1 of a chain of timestampvm-rs, as a proof; the digest is what sha256sum says of its data. */
const block =
  '{"parent_id":"WFBLfMkNe3gTQ7Vzy3Zo5vBpQD6vq4ebZRRtgt2pVgZxARELB","height":1,"timestamp":1667833896,"data":"0x310a"}';
const name = { id: "2pNDPYBHQL8FoL5LZwFWaiCHbwWuTEhZ7aLjKm727g4ff9fDup", height: 1, timestamp: 1667833896 };
const digest = "0x4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865";
const recorded = { version: 1, ...name, digest, to: name, blocks: [`0x${new TextEncoder().encode(block).toHex()}`] };

/** What the compiler has to say of a stranger's files, where it is strict. */
function typeErrors(include: readonly string[], options: object): Promise<string> {
  const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
  const compilerOptions = { noEmit: true, skipLibCheck: false, ...strict, ...options };
  stranger.write("tsconfig.json", JSON.stringify({ compilerOptions, include }));
  const compiled = stranger.run([bun, "run", "--bun", "node_modules/typescript/bin/tsc"]);
  return compiled.catch((error: Error) => error.message);
}

/** The packages that a file of the tarball imports. */
function packagesIn(path: string): string[] {
  const { imports } = new Bun.Transpiler({ loader: "js" }).scan(readFileSync(join(stranger.installed, path), "utf8"));
  const names = imports.map(({ path }) => /^(@[\w-]+\/)?[\w-]+(?=\/|$)/.exec(path)?.[0]);
  return names.filter((name) => name !== undefined);
}

/** The examples of docs/packages.md, by their names. */
async function examples(): Promise<(readonly [string, string])[]> {
  const markdown = await Bun.file(join(import.meta.dir, "../../docs/packages.md")).text();
  return [...markdown.matchAll(/^```ts (\S+)\n(.*?)^```$/gms)].map(([, name = "", text = ""]) => [name, text] as const);
}

/** Node.js, where there is one that the package supports; else "". */
function findNode(): string {
  const path = Bun.which("node");
  if (path === null) return "";
  const version = Bun.spawnSync([path, "--version"]).stdout.toString().trim().slice(1);
  return Bun.semver.satisfies(version, engines.node) ? path : "";
}

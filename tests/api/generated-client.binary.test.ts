import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DevProcess } from "../support/dev-process.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** Its clients import packages of its own choice, so all of these are installed for the test, beside our compiler. */
const generator = "@open-rpc/generator@1.22.3";
const compiler = join(import.meta.dir, "../../node_modules/typescript/bin/tsc");

// It needs packages of the registry: `make release-test` sets the variable.
test.skipIf(process.env.GENERATOR === undefined)(
  "a client that a stock generator makes from the document compiles, and each of its methods can be called",
  async () => {
    await using chain = new DevProcess([]);
    using directory = temporaryDirectory();
    const client = directory.file("out/client/typescript");
    const run = async (cwd: string, ...command: string[]) => {
      const { stdout, stderr, exited } = Bun.spawn([process.execPath, ...command], {
        cwd,
        stdout: "pipe",
        stderr: "pipe",
      });
      const [printed, problems, code] = await Promise.all([stdout.text(), stderr.text(), exited]);
      expect(code, `${command.join(" ")}: ${printed}${problems}`).toBe(0);
      return printed;
    };
    writeFileSync(directory.file("package.json"), "{}");
    writeFileSync(directory.file("openrpc.json"), JSON.stringify(await chain.call("rpc.discover")));
    await run(directory.path, "add", generator);
    const generate = ["generate", "-t", "client", "-l", "typescript", "-d", "openrpc.json", "-o", "out", "-n", "made"];
    await run(directory.path, "node_modules/.bin/open-rpc-generator", ...generate);
    await run(client, "install", "--production");
    writeFileSync(join(client, "src/calls.ts"), calls(new URL(await chain.rpc()).port));
    await run(client, compiler, ...options, "src/calls.ts");
    expect(await run(client, "src/calls.ts")).toBe("done\n");
  },
  10 * 60_000,
);

/** The libraries that its clients import have types for older compilers. */
const options = [
  "--noEmit",
  "--ignoreConfig",
  "--strict",
  "--skipLibCheck",
  "--module",
  "esnext",
  "--moduleResolution",
  "bundler",
];

/** A program that calls each method by the parameters that its type allows. */
function calls(port: string): string {
  const digest = "ab".repeat(32);
  return `
    import { Timestampvm } from "./index";

    const transport = { type: "http", host: "127.0.0.1", port: ${port}, path: "/ext/bc/timestampvm/rpc" } as const;
    const client = new Timestampvm({ transport });
    const expectTrue = (isTrue: boolean, what: string) => {
      if (!isTrue) throw new Error(what);
    };

    expectTrue((await client.ping()).success, "ping");
    expectTrue((await client.proposeBlock("YQ==")).success, "proposeBlock");
    const { id } = await client.lastAccepted();
    expectTrue((await client.getBlock(id)).block.height >= 0, "getBlock");
    const genesis = (await client.getBlockByHeight(0)).block;
    expectTrue(genesis.height === 0, "getBlockByHeight");
    expectTrue((await client.getBlockAt(5)).block.id === genesis.id, "getBlockAt a number");
    expectTrue((await client.getBlockAt("1970-01-02")).block.id === genesis.id, "getBlockAt a text");
    expectTrue((await client.getBlocks()).blocks.length > 0, "getBlocks");
    expectTrue((await client.getBlocks(0)).blocks.length === 1, "getBlocks from");
    const page = await client.getBlocks(undefined, 1, "ascending", 1);
    expectTrue(page.blocks[0]?.id === genesis.id && page.next === 1, "getBlocks in order");
    const ofData = await client.stamp("0x00");
    const ofDigest = await client.stamp(undefined, "${digest}");
    expectTrue((await client.getReceipt(ofData.id)).status !== "unknown", "getReceipt");
    const receipt = await client.getReceipt(ofDigest.id, 25000);
    expectTrue(receipt.status === "accepted", "getReceipt that waits");
    const found = (await client.find(undefined, "${digest}", 0, 1)).blocks[0];
    expectTrue(found !== undefined && found.match === "digest" && found.id === receipt.block?.id, "find");
    expectTrue((await client.find("0x01")).blocks.length === 0, "find data");
    expectTrue((await client.getProof(genesis.id)).proof.blocks.length > 1, "getProof");
    expectTrue((await client.getProof(undefined, "${digest}")).proof.id === receipt.block?.id, "getProof of a digest");
    expectTrue((await client.getProof(genesis.id, undefined, genesis.id)).proof.blocks.length === 1, "getProof to");
    expectTrue((await client.getStatus()).state === "normal operation", "getStatus");
    const refused = await client.stamp("0x00", "${digest}").catch((error) => error.data.code);
    expectTrue(refused === "invalid params", "stamp of both");
    console.log("done");
    process.exit();
  `;
}

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { createClient } from "../../src/client/client.ts";
import { fetchBlock, fetchServedChain } from "../../src/client/confirmed-block.ts";
import { systemClock, waitForReceipt } from "../../src/client/waiting.ts";
import type { DevChain } from "../../src/dev/dev-chain.ts";
import type { StampedBlock } from "../../src/proof/block-attestation.ts";
import { blockClaimsOf } from "../../src/proof/block-claims.ts";
import { checkProof } from "../../src/proof/block-proof.ts";
import { FileTree, proveFile } from "../../src/proof/file-proofs.ts";
import type { Attestation } from "../../src/proof/ots/attestation.ts";
import type { Op } from "../../src/proof/ots/op.ts";
import { readOts } from "../../src/proof/ots/read.ts";
import {
  createTimestamp,
  leadTo,
  mergeTimestamps,
  type OtsFile,
  type Timestamp,
} from "../../src/proof/ots/timestamp.ts";
import { writeOts } from "../../src/proof/ots/write.ts";
import { startTestChain } from "../support/dev-chain.ts";
import { pluginCommand } from "../support/plugin-command.ts";
import { runs } from "../support/runs.ts";
import { StockClient } from "../support/stock-client.ts";
import { temporaryDirectory } from "../support/temporary.ts";

// What people do with our files who have the stock client of OpenTimestamps (opentimestamps-client 0.7.2, in Python).

let stock: StockClient;
let chain: DevChain;

beforeAll(async () => {
  stock = await StockClient.open();
  chain = await startTestChain();
});
afterAll(() => {
  stock[Symbol.dispose]();
  chain.close();
});

const bytesOf = (text: string) => new TextEncoder().encode(text);
const sha256 = (...bytes: readonly Uint8Array[]) =>
  new Uint8Array(createHash("sha256").update(Buffer.concat(bytes)).digest());

describe("random files are the same, byte for byte, when the stock library", () => {
  const numRuns = runs(5, 200);

  test("reads ours, and writes them again", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(randomFile, { minLength: 1, maxLength: 100 }), async (files) => {
        const ours = files.map(writeOts);
        expect(await stock.rewrite(ours)).toEqual(ours);
      }),
      { numRuns },
    );
  });

  test("makes them, and we read and write them again", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { minLength: 1, maxLength: 100 }), async (seeds) => {
        for (const file of await stock.create(seeds)) expect(writeOts(readOts(file))).toEqual(new Uint8Array(file));
      }),
      { numRuns },
    );
  });
});

/** How `ots info` shows a block: it does not know the attestation, but anybody can read what is in it. */
const blockShown = /^verify UnknownAttestation\(b'\\x7f\\xcc\)Jy\\x16hq', .*\{"parent_id":"\w+","height":\d+,/;

const text = bytesOf("what I thought of today\n");
const digest = sha256(text);
const nonce = bytesOf("sixteen bytes ..");

/** What a file is proven by, and its operations as `ots info` shows them. */
const layouts: readonly Layout[] = [
  {
    name: "a file's digest in a block",
    prove: async () => proveFile(digest, [await stamp({ digest: `0x${digest.toHex()}` })]),
    shown: ["sha256", "sha256"],
  },
  {
    name: "a whole file in a block",
    prove: async () => proveFile(digest, [await stamp({ data: `0x${text.toHex()}` })]),
    shown: ["sha256"],
  },
  {
    name: "a salted digest in a block",
    prove: async () => {
      const salted = sha256(digest, nonce);
      return proveFile(digest, [{ ...(await stamp({ digest: `0x${salted.toHex()}` })), nonce }]);
    },
    shown: [`append ${nonce.toHex()}`, "sha256", "sha256", "sha256"],
  },
  {
    name: "one of two files in a tree",
    prove: async () => {
      const other = sha256(bytesOf("another file"));
      const tree = new FileTree(new Uint8Array([...digest, ...other]), new Uint8Array([...nonce, ...nonce]));
      return tree.prover([await stamp({ digest: `0x${tree.root.toHex()}` })])(0);
    },
    shown: [
      `append ${nonce.toHex()}`,
      "sha256",
      `append ${sha256(sha256(bytesOf("another file")), nonce).toHex()}`,
      "sha256",
      "sha256",
      "sha256",
    ],
  },
];

interface Layout {
  readonly name: string;
  readonly prove: () => Promise<OtsFile>;
  readonly shown: readonly string[];
}

describe.each(layouts)("$name", ({ prove, shown }) => {
  test("ots info shows the way to the block, and what is in it", async () => {
    using folder = await folderWith(await prove());
    const { code, printed } = await stock.run(folder.path, "info", "idea.txt.ots");
    const [hash, title, ...lines] = printed.trimEnd().split("\n");
    expect(code).toBe(0);
    expect(hash).toBe(`File sha256 hash: ${digest.toHex()}`);
    expect(title).toBe("Timestamp:");
    expect(lines.slice(0, -1)).toEqual([...shown]);
    expect(lines.at(-1)).toMatch(blockShown);
  });

  test("ots upgrade, prune and verify leave it as it is, and say that it is not complete", async () => {
    using folder = await folderWith(await prove());
    const before = readFileSync(folder.file("idea.txt.ots"));
    const fails = (printed: string) => ({ code: 1, printed: `${printed}\n` });
    expect(await stock.run(folder.path, "upgrade", "idea.txt.ots")).toEqual(fails("Failed! Timestamp not complete"));
    expect(await stock.run(folder.path, "prune", "--no-verify", "idea.txt.ots")).toEqual(
      fails("Failed! Nothing has been discarded"),
    );
    expect(await stock.run(folder.path, "verify", "idea.txt.ots")).toEqual(
      fails("Assuming target filename is 'idea.txt'"),
    );
    expect(readFileSync(folder.file("idea.txt.ots"))).toEqual(before);
  });
});

test.each([
  ["stamp idea.txt", "sha256 sha256"],
  ["stamp --data idea.txt", "sha256"],
  ["stamp --private idea.txt", "append sha256 sha256 sha256"],
  ["stamp idea.txt other.txt", "append sha256 (append|prepend) sha256 sha256 sha256"],
])("what timestampvm %s writes is shown by ots info", async (command, ops) => {
  using folder = temporaryDirectory();
  const mine = bytesOf(`stamped by timestampvm ${command}\n`);
  writeFileSync(folder.file("idea.txt"), mine);
  writeFileSync(folder.file("other.txt"), "another file\n");
  expect(await timestampvm(folder.path, ...command.split(" "))).toEqual({ code: 0, err: "" });
  const { code, printed } = await stock.run(folder.path, "info", "idea.txt.ots");
  const [hash, , ...lines] = printed.trimEnd().split("\n");
  expect([code, hash]).toEqual([0, `File sha256 hash: ${sha256(mine).toHex()}`]);
  const names = lines.slice(0, -1).map((line) => line.split(" ")[0]);
  expect(names.join(" ")).toMatch(new RegExp(`^${ops}$`));
  expect(lines.at(-1)).toMatch(blockShown);
});

describe("beside what a calendar promises", () => {
  const address = "https://calendar.example";

  test("ots prune takes the promise away, and our block stays", async () => {
    const file = await proveDirectly();
    using folder = await folderWith(besidePending(file, address));
    const { code } = await stock.run(folder.path, "prune", "--no-verify", "idea.txt.ots");
    expect(code).toBe(0);
    expect(new Uint8Array(readFileSync(folder.file("idea.txt.ots")))).toEqual(writeOts(file));
    expect(await timestampvm(folder.path, "verify", "idea.txt.ots")).toEqual({ code: 0, err: "" });
  });

  test("ots upgrade adds what the calendar has got, and our block stays", async () => {
    using calendar = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answerWithBitcoin });
    const url = `http://127.0.0.1:${calendar.port}`;
    const file = await proveDirectly();
    using folder = await folderWith(besidePending(file, url));
    const { code, printed } = await stock.run(folder.path, "-l", url, "upgrade", "idea.txt.ots");
    expect({ code, printed }).toMatchObject({ code: 0, printed: expect.stringContaining("Success!") });
    const upgraded = readOts(readFileSync(folder.file("idea.txt.ots")));
    expect(blockClaimsOf(upgraded)).toEqual(blockClaimsOf(file));
    expect((await stock.run(folder.path, "info", "idea.txt.ots")).printed).toContain(
      "verify BitcoinBlockHeaderAttestation(358391)",
    );
    expect(await timestampvm(folder.path, "verify", "idea.txt.ots")).toEqual({ code: 0, err: "" });
  });
});

test("a proof that ots stamp made gets its block by timestampvm upgrade, and keeps what the calendar promised", async () => {
  using calendar = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: promise });
  const url = `http://127.0.0.1:${calendar.port}`;
  using folder = temporaryDirectory();
  writeFileSync(folder.file("idea.txt"), "stamped by the stock client\n");
  expect((await stock.run(folder.path, "stamp", "-m", "1", "-c", url, "idea.txt")).code).toBe(0);
  expect(await timestampvm(folder.path, "upgrade", "idea.txt.ots")).toEqual({ code: 0, err: "" });
  const { code, printed } = await stock.run(folder.path, "info", "idea.txt.ots");
  const ends = printed.split("\n").filter((line) => line.includes("verify"));
  expect(code).toBe(0);
  expect(ends).toEqual([`verify PendingAttestation('${url}')`, expect.stringMatching(blockShown)]);
  expect(await timestampvm(folder.path, "verify", "idea.txt.ots")).toEqual({ code: 0, err: "" });
});

/** A calendar that puts each digest on the chain, and promises it, under its own address. */
async function promise(request: Request): Promise<Response> {
  await stamp({ digest: `0x${(await request.bytes()).toHex()}` });
  const uri = bytesOf(new URL(request.url).origin);
  const payload = Uint8Array.of(uri.length, ...uri);
  return new Response(Uint8Array.of(0, ...Uint8Array.fromHex("83dfe30d2ef90c8e"), payload.length, ...payload));
}

/** One hash further, it is in the Bitcoin block at height 358,391, a calendar says: whatever it is asked for. */
function answerWithBitcoin(): Response {
  return new Response(Uint8Array.fromHex("08" + "00" + "0588960d73d71901" + "03" + "f7ef15"));
}

/** The file's proof, and beside it what a calendar promises of the same block's data. */
function besidePending(file: OtsFile, uri: string): OtsFile {
  const pending = createTimestamp([{ kind: "pending", uri }], []);
  const tag: Op = { kind: "append", bytes: Uint8Array.fromHex("7fcc294a79166871") };
  return { ...file, timestamp: mergeTimestamps(file.timestamp, leadTo(pending, [{ kind: "sha256" }, tag])) };
}

async function proveDirectly(): Promise<OtsFile> {
  return proveFile(digest, [await stamp({ digest: `0x${digest.toHex()}` })]);
}

/** Runs a command of ours in a folder, about the chain. */
async function timestampvm(cwd: string, ...args: readonly string[]) {
  const child = Bun.spawn([...pluginCommand, ...args], {
    cwd,
    env: { TIMESTAMPVM_URL: chain.rpc },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [err, code] = await Promise.all([child.stderr.text(), child.exited]);
  return { code, err };
}

/** Puts it on the chain, and gives its block. */
async function stamp(what: { readonly digest: string } | { readonly data: string }): Promise<StampedBlock> {
  const call = createClient(chain.rpc);
  const { block } = await waitForReceipt(call, await call("stamp", what), { clock: systemClock });
  if (block === undefined) throw new Error("the stamp was not accepted");
  return { ...(await fetchServedChain(call)), block: await fetchBlock(call, block.id, checkProof) };
}

/** A folder with the text and its proof. */
async function folderWith(file: OtsFile) {
  const folder = temporaryDirectory();
  writeFileSync(folder.file("idea.txt"), text);
  writeFileSync(folder.file("idea.txt.ots"), writeOts(file));
  return folder;
}

/** Any bytes of so many. */
const bytesArbitrary = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });

const randomOp: fc.Arbitrary<Op> = fc.oneof(
  fc.record({ kind: fc.constantFrom("append" as const, "prepend" as const), bytes: bytesArbitrary(1, 60) }),
  fc.constantFrom<Op>(
    ...(["sha1", "ripemd160", "sha256", "keccak256", "reverse", "hexlify"] as const).map((kind) => ({ kind })),
  ),
);

const randomAttestation: fc.Arbitrary<Attestation> = fc.oneof(
  fc.record({ kind: fc.constant("pending" as const), uri: fc.stringMatching(/^[\w./:-]{1,60}$/) }),
  fc.record({ kind: fc.constantFrom("bitcoin" as const, "litecoin" as const), height: fc.bigInt(0n, 2n ** 64n - 1n) }),
  fc.record({
    kind: fc.constant("other" as const),
    tag: bytesArbitrary(8, 8).map((tag) => tag.toHex()),
    payload: bytesArbitrary(0, 200),
  }),
);

/** Seven operations deep at most: no message gets longer than 4,096 bytes. */
const randomTimestamp = fc.letrec<{ readonly timestamp: Timestamp }>((tie) => ({
  timestamp: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc
      .array(randomAttestation, { minLength: 1, maxLength: 3 })
      .map((attestations) => createTimestamp(attestations, [])),
    fc
      .record({
        attestations: fc.array(randomAttestation, { maxLength: 2 }),
        branches: fc.array(fc.record({ op: randomOp, result: tie("timestamp") }), { minLength: 1, maxLength: 3 }),
      })
      .map(({ attestations, branches }) => createTimestamp(attestations, branches)),
  ),
})).timestamp;

const randomFile: fc.Arbitrary<OtsFile> = fc.oneof(
  ...(
    [
      ["sha1", 20],
      ["ripemd160", 20],
      ["sha256", 32],
      ["keccak256", 32],
    ] as const
  ).map(([hash, length]) =>
    fc.record({ hash: fc.constant(hash), digest: bytesArbitrary(length, length), timestamp: randomTimestamp }),
  ),
);

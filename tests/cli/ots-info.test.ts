import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { parseId } from "../../src/avalanche/id.ts";
import { createBlock } from "../../src/core/block.ts";
import { type Attestation, attestBlock, leadTo, type Timestamp, writeOts } from "../../src/proof/index.ts";
import { run, sha256 } from "./node-support.ts";
import { append, byBlock, bytesOf, calendar, hash, otsOf, ProofFolder, promised, saying } from "./ots-support.ts";

// Ids of Avalanche's main network: its C-Chain, and its P-Chain.
const chain = parseId("2q9e4r6Mu3U68nU1fYjgbR6JvwrRx36CohpAX5UQxse55x1Q5");
const parentId = parseId("11111111111111111111111111111111LpoYY");
const digest = sha256("report");
const stampedWith = (data: Uint8Array, network = 0n) => ({
  network,
  chain,
  block: createBlock({ parentId, height: 7n, timestamp: 1_796_000_000n, data }),
});
const time = "2026-11-30T00:53:20Z"; // date -u -d @1796000000
const other: Attestation = { kind: "other", tag: "0102030405060708", payload: new TextEncoder().encode("new\nline") };

let folder: ProofFolder;

beforeAll(() => {
  folder = new ProofFolder();
});
afterAll(() => folder[Symbol.dispose]());

async function infoOf(name: string, ...timestamps: readonly Timestamp[]) {
  const { code, out, err } = await run(["info", folder.write(name, "report", ...timestamps)]);
  expect([code, err]).toEqual([0, ""]);
  const [head = "", advice = "", tree = ""] = out.split("\n\n");
  return { head: head.split("\n"), advice, tree: tree.trimEnd().split("\n") };
}

describe("the beginning", () => {
  test("says which block of which chain it is", async () => {
    const stamped = stampedWith(bytesOf(digest), 5n);
    const { head, advice } = await infoOf("block", byBlock(digest, stamped));
    expect(head).toEqual([
      `SHA-256 of the file  ${digest}`,
      `block                at height 7, which claims ${time}`,
      `                     ${stamped.block.id} of chain ${chain}, network 5`,
    ]);
    expect(advice).toBe("This is what the file says. Nothing was checked: `timestampvm verify` does that.");
  });

  test("puts what is a proof before what is a promise", async () => {
    const bitcoin = promised(saying({ kind: "bitcoin", height: 358_391n }));
    const { head, advice } = await infoOf(
      "order",
      saying(calendar),
      bitcoin,
      byBlock(digest, stampedWith(bytesOf(digest))),
    );
    expect(head.flatMap((line) => /^\w+(?= {2})/.exec(line) ?? [])).toEqual(["block", "Bitcoin", "calendar"]);
    expect(advice).toEndWith("\nIts calendars are not needed any more: `timestampvm prune` removes them.");
  });

  test("says where no block could prove anything", async () => {
    const { advice } = await infoOf("promise", promised());
    expect(advice).toBe("It names no block that could prove anything. `timestampvm upgrade` asks a node for one.");
  });

  test("says everything once, and not more than can be read", async () => {
    const uris = Array.from({ length: 30 }, (_, i) => `https://c${i}.example.org`);
    const many = uris.map((uri) => saying({ kind: "pending", uri }));
    const { head } = await infoOf("many", ...many, ...many.map((end) => promised(end)));
    expect([head.length, head.at(-1)?.trim()]).toEqual([1 + 20 + 1, "and 10 more"]);
  });

  test("names the hash of a file that is stamped by another one", async () => {
    const path = folder.file("sha1.ots");
    writeFileSync(path, writeOts({ hash: "sha1", digest: new Uint8Array(20), timestamp: saying(calendar) }));
    expect((await run(["info", path])).out).toStartWith(`SHA-1 of the file  ${"00".repeat(20)}\n`);
  });
});

describe("the steps", () => {
  test("lead to a block, of which all is shown", async () => {
    const stamped = stampedWith(bytesOf(digest));
    const { tree } = await infoOf("tree", byBlock(digest, stamped));
    expect(tree).toEqual([
      "sha256",
      "sha256",
      `block at height 7, which claims ${time}`,
      `# ${stamped.block.id} of chain ${chain}`,
      `# its parent ${parentId}`,
      `# it carries 32 bytes: 0x${digest}`,
    ]);
  });

  test("fork as in the stock client", async () => {
    const end = saying(calendar);
    const fork = [leadTo(end, [append("aa"), hash]), leadTo(saying(other), [append("bb")]), leadTo(end, [hash])];
    const { tree } = await infoOf("fork", saying(calendar), leadTo(fork[0] as Timestamp, [hash]), ...fork);
    expect(tree).toEqual([
      "calendar https://calendar.example.org",
      " -> sha256",
      "    calendar https://calendar.example.org",
      "    append aa",
      "    sha256",
      "    calendar https://calendar.example.org",
      " -> append aa",
      "    sha256",
      "    calendar https://calendar.example.org",
      " -> append bb",
      "    unknown attestation 0102030405060708 of another program, 8 bytes",
      '    # "new\\u000aline"',
    ]);
  });

  test("show the root that a block of another chain should have, as explorers do", async () => {
    const root = sha256(Buffer.concat([bytesOf(digest), bytesOf("aa")]));
    const reversed = root.match(/../g)?.toReversed().join("");
    const at = { height: 358_391n };
    const blocks = saying({ kind: "bitcoin", ...at }, { kind: "litecoin", ...at }, { kind: "ethereum", ...at });
    const { tree } = await infoOf("roots", leadTo(blocks, [append("aa"), hash]));
    expect(tree.slice(2)).toEqual([
      "Bitcoin block 358391",
      `# its Merkle root should be ${reversed}`,
      "Litecoin block 358391",
      `# its Merkle root should be ${reversed}`,
      "Ethereum block 358391",
      `# its transactions root should be ${root}`,
    ]);
    const { tree: short } = await infoOf("no root", leadTo(saying({ kind: "bitcoin", ...at }), [append("aa")]));
    expect(short.at(-1)).toBe("# no block can have a root of 33 bytes");
  });

  test("name a transaction of Bitcoin", async () => {
    // The only transaction of Bitcoin's first block. Its id is that block's Merkle root.
    const transaction =
      "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d" +
      "65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f72" +
      "2062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6" +
      "bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000";
    const id = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b";
    const parts = [transaction.slice(0, 100), transaction.slice(100, 164), transaction.slice(164)].map(bytesOf);
    const [front, middle, back] = parts as [Uint8Array, Uint8Array, Uint8Array];
    const inBlock = saying({ kind: "bitcoin", height: 0n });
    const stepsWith = (bytes: Uint8Array) =>
      leadTo(inBlock, [{ kind: "prepend", bytes: front }, { kind: "append", bytes }, hash, hash]);
    const treeWith = async (bytes: Uint8Array) => {
      const path = folder.file("transaction.ots");
      writeFileSync(path, writeOts({ hash: "sha256", digest: middle, timestamp: stepsWith(bytes) }));
      return (await run(["info", path])).out;
    };
    expect(await treeWith(back)).toContain(
      `${back.toHex()}\n# Bitcoin transaction ${id}\nsha256\nsha256\nBitcoin block 0\n# its Merkle root should be ${id}\n`,
    );
    for (const wrong of [back.subarray(1), Uint8Array.of(...back, 0)]) {
      expect(await treeWith(wrong)).not.toContain("transaction");
    }
  });

  test("say what is wrong with a block, or that it is newer", async () => {
    const elsewhere = attestBlock(stampedWith(bytesOf(sha256("something else"))));
    const tag = "7fcc294a79166871";
    const newer: Attestation = { kind: "other", tag, payload: Uint8Array.of(2, 9, 9) };
    const cut: Attestation = { kind: "other", tag, payload: Uint8Array.of(1, 0, 7) };
    const { tree } = await infoOf("unsound", leadTo(saying(elsewhere, newer, cut), [hash]));
    const { block } = stampedWith(bytesOf(sha256("something else")));
    expect(tree).toContain(`unsound its block ${block.id} carries something else`);
    expect(tree).toContain("newer block in form 2: it was made by a newer timestampvm, which can read it");
    expect(tree.filter((line) => line.startsWith("unsound its block is malformed: "))).toHaveLength(1);
  });

  test("show text of others as text, and in one line that a terminal only shows", async () => {
    const data = new TextEncoder().encode("\u001b[2J for all\n");
    const path = folder.file("words.ots");
    const timestamp = byBlock(sha256(data), stampedWith(data));
    writeFileSync(path, writeOts({ hash: "sha256", digest: bytesOf(sha256(data)), timestamp }));
    expect((await run(["info", path])).out).toContain("# it carries 13 bytes: 0x1b5b324a20666f7220616c6c0a\n");
    const plain = new TextEncoder().encode("for all\nblock at height 1");
    writeFileSync(
      path,
      writeOts({
        hash: "sha256",
        digest: bytesOf(sha256(plain)),
        timestamp: byBlock(sha256(plain), stampedWith(plain)),
      }),
    );
    expect((await run(["info", path])).out).toContain('bytes: "for all\\u000ablock at height 1"\n');
  });
});

describe("several proofs", () => {
  test("have a line each, and one that is none does not keep the others", async () => {
    const whole = folder.write("whole", "report", promised(), byBlock(digest, stampedWith(bytesOf(digest))));
    const pending = folder.write("pending", "report", promised());
    const cut = folder.file("cut.ots");
    writeFileSync(cut, otsOf("report", promised()).subarray(0, 70));
    const { code, out, err } = await run(["info", whole, cut, pending]);
    expect([code, out]).toEqual([
      1,
      `block at height 7, which claims ${time}, and 1 more  ${whole}\n` +
        `calendar https://calendar.example.org  ${pending}\n`,
    ]);
    expect(err).toBe(
      `error: ${cut}: not an OpenTimestamps proof: it ends too early (at byte 67)\nerror: 1 of 3 files failed\n`,
    );
    const alone = await run(["info", cut]);
    expect([alone.code, alone.out, alone.err]).toEqual([
      1,
      "",
      `error: ${cut}: not an OpenTimestamps proof: it ends too early (at byte 67)\n`,
    ]);
  });

  test("may come from standard input, but only one", async () => {
    const path = folder.write("input", "report", promised());
    expect((await run(["info", "-"], { stdin: path })).out).toContain("calendar.example.org");
    expect((await run(["info", "-", "-"], { stdin: path })).code).toBe(2);
  });
});

test("for programs, all of it is one object", async () => {
  const stamped = stampedWith(bytesOf(digest), 5n);
  const header: Attestation = { kind: "bitcoin", height: 2n ** 64n - 1n };
  const path = folder.write("json", "report", byBlock(digest, stamped), promised(saying(calendar, header, other)));
  const { code, out } = await run(["info", "--json", path]);
  const root = sha256(Buffer.concat([bytesOf(digest), bytesOf("00112233445566778899aabbccddeeff")]));
  expect([code, JSON.parse(out.replace("18446744073709551615", '"2^64-1"'))]).toEqual([
    0,
    {
      file: path,
      hash: "sha256",
      digest: `0x${digest}`,
      says: [
        {
          kind: "block",
          id: stamped.block.id,
          height: 7,
          timestamp: 1_796_000_000,
          parentId,
          data: `0x${digest}`,
          chain,
          network: 5,
          step: 2,
        },
        { kind: "unknown", tag: "0102030405060708", payload: "0x6e65770a6c696e65", step: 4 },
        { kind: "bitcoin", height: "2^64-1", root: root.match(/../g)?.toReversed().join(""), step: 4 },
        { kind: "calendar", uri: "https://calendar.example.org", step: 4 },
      ],
      steps: [
        { depth: 1, op: "sha256" },
        { depth: 2, op: "sha256" },
        { depth: 1, op: "append", bytes: "0x00112233445566778899aabbccddeeff" },
        { depth: 2, op: "sha256" },
      ],
    },
  ]);
});

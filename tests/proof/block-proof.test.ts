import { describe, expect, spyOn, test } from "bun:test";
import fc from "fast-check";
import { idFromBytes, zeroId } from "../../src/avalanche/id.ts";
import { type Block, createBlock, parseBlock } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { checkProof, expectProvable, parseProof } from "../../src/proof/block-proof.ts";
import { ProofError } from "../../src/proof/errors.ts";
import { chainOn, childOf, genesis } from "../support/chain.ts";
import { refusalOf } from "../support/refusal.ts";

const blocks = chainOn(genesis, 4);

/** What docs/proof-format.md says a proof is, of blocks that follow each other. */
function proofOf(...path: readonly Block[]) {
  const [block = genesis] = path;
  const to = path.at(-1) ?? block;
  const nameOf = ({ id, height, timestamp }: Block) => ({ id, height: Number(height), timestamp: Number(timestamp) });
  return {
    version: 1,
    ...nameOf(block),
    digest: `0x${new Bun.CryptoHasher("sha256").update(block.data).digest("hex")}`,
    to: nameOf(to),
    blocks: path.map(({ bytes }) => `0x${bytes.toHex()}`),
  };
}

describe("a proof that holds", () => {
  test.each([1, 2, 4])("over %i blocks names the proven one and the last one", (length) => {
    const path = blocks.slice(0, length);
    expect(checkProof(proofOf(...path))).toEqual({ block: path[0], to: path.at(-1), length, says: {} } as never);
  });

  test("is read with numbers or bigints, and hex of either case", () => {
    const proof = proofOf(...blocks);
    const exact = { ...proof, version: 1n, height: BigInt(proof.height), timestamp: BigInt(proof.timestamp) };
    expect(checkProof(exact).length).toBe(4);
    const upper = proof.blocks.map((text) => `0x${text.slice(2).toUpperCase()}`);
    expect(checkProof({ ...proof, blocks: upper }).length).toBe(4);
  });

  test("of recorded blocks: their ids are those that timestampvm-rs gave", () => {
    const first = parseBlock(
      new TextEncoder().encode(
        '{"parent_id":"WFBLfMkNe3gTQ7Vzy3Zo5vBpQD6vq4ebZRRtgt2pVgZxARELB","height":1,"timestamp":1667833896,"data":"0x310a"}',
      ),
    );
    const { block, to } = checkProof(proofOf(first));
    expect([block.id, to.id] as string[]).toEqual(Array(2).fill("2pNDPYBHQL8FoL5LZwFWaiCHbwWuTEhZ7aLjKm727g4ff9fDup"));
  });
});

describe("what a proof says beside", () => {
  const id = "3DDiCtDLpQ19tqZshWZvpJwVZYXJrru593Q2JqnV3HN4Zb62X";
  const sha256 = "ab".repeat(32);
  const nonce = "000102030405060708090a0b0c0d0e0f";
  const hints = {
    network: 5,
    chain: id,
    genesis: genesis.id,
    program: "timestampvm 0.1.0",
    sha256: `0x${sha256}`,
    nonce: `0x${nonce}`,
  };

  test("is read", () => {
    expect<unknown>(checkProof({ ...proofOf(...blocks), ...hints }).says).toEqual({
      network: 5n,
      chain: id,
      genesis: genesis.id,
      program: "timestampvm 0.1.0",
      sha256,
      nonce: Uint8Array.fromHex(nonce),
    });
  });

  test("may be a nonce in upper case", () => {
    const upper = `0x${nonce.toUpperCase()}`;
    expect(checkProof({ ...proofOf(...blocks), nonce: upper }).says.nonce).toEqual(Uint8Array.fromHex(nonce));
  });

  test.each([
    ["network", -1],
    ["network", 0.5],
    ["network", 2 ** 32],
    ["network", "5"],
    ["chain", "fuji"],
    ["chain", { id }],
    ["genesis", 1],
    ["program", "two\nlines"],
    ["program", "\u001b[2J"],
    ["program", "x".repeat(101)],
    ["program", null],
    ["sha256", sha256],
    ["sha256", `0x${sha256}00`],
    ["sha256", [hints.sha256]],
    ["nonce", nonce],
    ["nonce", `0X${nonce}`],
    ["nonce", `0x${nonce}00`],
    ["nonce", {}],
  ])("in another form is left out, and the proof holds: %s %j", (name, value) => {
    const { says } = checkProof({ ...proofOf(...blocks), ...hints, [name]: value });
    expect(says).toMatchObject({ [name]: undefined });
    expect(Object.values(says).filter((hint) => hint !== undefined)).toHaveLength(5);
  });
});

describe("a block in a form that only others write", () => {
  const fields = `"parent_id":"${genesis.id}","height":1,"timestamp":1700000000,"data":"0x00"`;
  const proofOfBytes = (bytes: Uint8Array) => {
    const id = idFromBytes(new Bun.CryptoHasher("sha256").update(bytes).digest());
    const digest = `0x${new Bun.CryptoHasher("sha256").update(Uint8Array.of(0)).digest("hex")}`;
    const name = { id, height: 1, timestamp: 1_700_000_000 };
    return { version: 1, ...name, digest, to: name, blocks: [`0x${bytes.toHex()}`] };
  };

  test.each([
    ["with spaces", Buffer.from(`{ ${fields} }`)],
    ["as a list", Buffer.from(`["${genesis.id}",1,1700000000,"0x00"]`)],
    ["with members that nobody knows, twice", Buffer.from(`{"x":1,"x":2,${fields}}`)],
    ["with broken UTF-8 in such a member", Buffer.from(`{"x":"\xff",${fields}}`, "latin1")],
  ])("%s is proven by the bytes it has", (_form, bytes) => {
    expect(checkProof(proofOfBytes(bytes)).length).toBe(1);
  });

  test.each([
    ["with its height twice", Buffer.from(`{"height":1,${fields}}`)],
    ["with more behind it", Buffer.from(`{${fields}}{}`)],
    ["with broken UTF-8 in a name", Buffer.from(`{"\xff":1,${fields}}`, "latin1")],
  ])("%s is none", (_form, bytes) => {
    expect(refusalOf(() => checkProof(proofOfBytes(bytes)))).toMatchObject({
      code: "malformed proof",
      problem: expect.stringContaining("block 0: malformed block: "),
    });
  });
});

describe("a proof that does not hold", () => {
  const proof = proofOf(...blocks);
  const [first, second, ...rest] = proof.blocks;
  const other = childOf(genesis, "another");
  const older = childOf(blocks[0] as Block, "older", (blocks[0] as Block).timestamp - 1n);
  const high = createBlock({ ...older, height: 9n });
  const textless = JSON.parse('{"toString":1,"valueOf":1}');
  const deep = JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
  const changed = first?.replace(/227d$/, "22207d"); // a space, which means the same

  test.each([
    ["no object", [], "it is not a JSON object"],
    ["null", null, "it is not a JSON object"],
    ["another version", { ...proof, version: 2 }, "its version is not 1"],
    ["no version", { ...proof, version: undefined }, "its version is not 1"],
    ["a version that is no number", { ...proof, version: "1" }, "its version is not 1"],
    ["a version in a list", { ...proof, version: [1] }, "its version is not 1"],
    ["a version that has no text", { ...proof, version: textless }, "its version is not 1"],
    ["no blocks", { ...proof, blocks: [] }, "it has no blocks"],
    ["blocks that are no list", { ...proof, blocks: first }, "it has no blocks"],
    ["a block that is no text", { ...proof, blocks: [1] }, "block 0: not 0x and pairs of hex digits"],
    ["half a byte", { ...proof, blocks: ["0x1"] }, "block 0: not 0x and pairs of hex digits"],
    ["a digit that is none", { ...proof, blocks: ["0x1g"] }, "block 0: not 0x and pairs of hex digits"],
    ["bytes that are no block", { ...proof, blocks: ["0x7b7d"] }, "block 0: malformed block: "],
    ["a missing block", { ...proof, blocks: [first, ...rest] }, "block 1 is not a child of the one before"],
    ["a repeated block", { ...proof, blocks: [first, first] }, "block 1 is not a child of the one before"],
    ["blocks in the other order", { ...proof, blocks: [second, first] }, "block 1 is not a child of the one before"],
    ["another height", proofOf(blocks[0] as Block, high), "block 1 does not have the next height"],
    ["time that goes back", proofOf(blocks[0] as Block, older), "block 1 is older than the one before"],
    ["the id of another block", { ...proof, id: other.id }, "the proven block is "],
    [
      "another time",
      { ...proof, timestamp: proof.timestamp + 1 },
      "the proven block has timestamp 1700000000, not 1700000001",
    ],
    ["no time", { ...proof, timestamp: undefined }, "the proven block has timestamp 1700000000, not undefined"],
    ["a height that is text", { ...proof, height: "1" }, "the proven block has height 1, not a text"],
    ["a height in a list", { ...proof, height: [1] }, "the proven block has height 1, not a list"],
    ["a height that has no text", { ...proof, height: textless }, "the proven block has height 1, not an object"],
    ["a height in 100,000 lists", { ...proof, height: deep }, "the proven block has height 1, not a list"],
    ["an id that has no text", { ...proof, id: textless }, ", not an object"],
    ["an id of a megabyte", { ...proof, id: "x".repeat(1_000_000) }, `, not ${"x".repeat(60)}…`],
    ["another height in its name", { ...proof, height: 2 }, "the proven block has height 1, not 2"],
    [
      "another digest",
      { ...proof, digest: `0x${digestOf(other.data)}` },
      "its digest is not that of the proven block's data",
    ],
    ["another end", { ...proof, to: proofOf(other).to }, "its last block is "],
    ["no end", { ...proof, to: undefined }, "its member to is not a JSON object"],
    [
      "the same in other bytes",
      { ...proof, blocks: [changed, ...proof.blocks.slice(1)] },
      "block 1 is not a child of the one before",
    ],
  ])("%s", (_name, value, problem) => {
    const refusal = refusalOf(() => checkProof(value));
    expect(refusal).toMatchObject({ code: "malformed proof", problem: expect.stringContaining(problem) });
  });

  test("whatever JSON comes, it is checked or refused, never anything else", () => {
    const given = fc.oneof(
      fc.jsonValue(),
      fc.record({ version: fc.constant(1), blocks: fc.array(fc.oneof(fc.string(), fc.constantFrom(...proof.blocks))) }),
    );
    fc.assert(
      fc.property(given, (value) => {
        try {
          checkProof(value);
        } catch (error) {
          expect(error).toBeInstanceOf(ProofError);
        }
      }),
    );
  });

  test("no change of one hex digit of any block passes", () => {
    fc.assert(
      fc.property(
        fc.nat(proof.blocks.length - 1),
        fc.nat(),
        fc.constantFrom(..."0123456789abcdef"),
        (at, place, digit) => {
          const text = proof.blocks[at] as string;
          const index = 2 + (place % (text.length - 2));
          if (text[index] === digit) return;
          const damaged = proof.blocks.with(at, text.slice(0, index) + digit + text.slice(index + 1));
          expect(() => checkProof({ ...proof, blocks: damaged })).toThrow(ProofError);
        },
      ),
    );
  });
});

test("integers beyond 53 bits are compared with all their digits", () => {
  const late = createBlock({ ...(blocks[0] as Block), timestamp: 2n ** 60n });
  const { to, ...claimed } = proofOf(late);
  const proofAt = (timestamp: unknown) => ({ ...claimed, timestamp, to: { ...to, timestamp } });
  expect(checkProof(proofAt(2n ** 60n)).block.timestamp).toBe(2n ** 60n);
  expect(() => checkProof(proofAt(2n ** 60n + 1n))).toThrow(ProofError);
  expect(() => checkProof(proofAt(2 ** 60))).toThrow(ProofError); // of what JSON it was read, nobody knows
});

describe("the text of a proof", () => {
  test("has room for any number of the shortest blocks", () => {
    const path: Block[] = [];
    for (let height = 0n; height < 5_000n; height++) {
      const text = `["${path.at(-1)?.id ?? zeroId}",${height},0,""]`;
      path.push(parseBlock(new TextEncoder().encode(text)));
    }
    expect(parseProof(JSON.stringify(proofOf(...path)))).toMatchObject({ to: path.at(-1) as Block, length: 5_000 });
  });

  test("has room for what others write beside it, and between", () => {
    const others = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`other ${i}`, i]));
    const text = JSON.stringify({ ...others, ...proofOf(...blocks), comment: "a, b: [c] {d}" }, undefined, 2);
    expect(parseProof(text).length).toBe(4);
  });

  test.each([
    ["[", (length: number) => "[".repeat(length)],
    ["[[…]]", (length: number) => "[".repeat(length / 2) + "]".repeat(length / 2)],
    ["1,1,…", (length: number) => `[1${",1".repeat(length / 2)}]`],
    ['"","",…', (length: number) => `[""${',""'.repeat(length / 3)}]`],
    ['{"a":{"a":…}}', (length: number) => `${'{"a":'.repeat(length / 6)}1${"}".repeat(length / 6)}`],
    ["a million keys", (length: number) => `{${Array.from({ length: length / 10 }, (_, i) => `"${i}":1`).join()}}`],
    ["blocks of no length", (length: number) => `{"version":1,"blocks":["0x"${',"0x"'.repeat(length / 5)}]}`],
  ])("is not parsed where it has more values than any proof: %s", (_name, textOf) => {
    const text = textOf(10_000_000);
    using parse = spyOn(JSON, "parse");
    expect(() => parseProof(text)).toThrow("not a proof: it has more values than a proof of its length");
    expect(parse).not.toHaveBeenCalled();
  });

  test("that is no JSON is a SyntaxError", () => {
    for (const text of ["", "{", '{"version":1', "[1,]", '"'.repeat(999)]) {
      expect(() => parseProof(text), text).toThrow(SyntaxError);
    }
  });
});

test("a block whose id is not the hash of its bytes cannot be proven", () => {
  const [block] = blocks as [Block];
  expect(() => expectProvable(block)).not.toThrow();
  expect(refusalOf(() => expectProvable({ ...block, id: genesis.id }))).toEqual({
    code: "no proof",
    id: genesis.id,
  });
});

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { idFromBytes } from "../../src/avalanche/id.ts";
import { sha256 } from "../../src/avalanche/sha256.ts";
import { type Block, createBlock, parseBlock } from "../../src/core/block.ts";
import { ChainError } from "../../src/core/errors.ts";
import { type BlockText, bytesOfText, someBlock, textOfBytes } from "./block-texts.ts";
import { recordedBlocks } from "./corpus.ts";
import { mutate } from "./mutate.ts";
import { Oracle } from "./oracle.ts";
import { Random } from "./random.ts";
import { roundsTimeoutMs, runRounds } from "./rounds.ts";

setDefaultTimeout(roundsTimeoutMs);

const perRound = 2_000;

let oracle: Oracle | undefined;
beforeAll(() => {
  oracle = Oracle.start();
});
afterAll(() => oracle?.[Symbol.asyncDispose]());

describe("a block that anybody may send", () => {
  test("is read as serde read it, when it was recorded", async () => {
    expect(recordedBlocks.length).toBeGreaterThan(400);
    for (const { bytes, canonical } of recordedBlocks) expectRead(bytes, canonical);
    await expectLikeSerde(recordedBlocks.map(({ bytes }) => bytes));
  });

  test("made of good and bad parts is taken when all are good, and says what they say", async () => {
    const round = async (seed: number) => {
      const random = new Random(seed);
      const texts = random.many(perRound, () => someBlock(random));
      for (const block of texts) expectRead(bytesOfText(block.text), canonicalOf(block));
      await expectLikeSerde(texts.map(({ text }) => bytesOfText(text)));
    };
    await runRounds({ short: 2, round });
  });

  test("with changed bytes is taken or refused, never more", async () => {
    const round = async (seed: number) => {
      const random = new Random(seed);
      const some = () =>
        random.pick([() => bytesOfText(someBlock(random).text), () => random.pick(recordedBlocks).bytes]);
      const inputs = random.many(perRound, () => mutate(random, some()(), some()()));
      for (const bytes of inputs) expectSound(bytes);
      await expectLikeSerde(inputs);
    };
    await runRounds({ short: 2, round });
  });
});

/** The block, or undefined where it is refused; a refusal is a `ChainError`. */
function read(bytes: Uint8Array): Block | undefined {
  try {
    return parseBlock(bytes);
  } catch (error) {
    if (error instanceof ChainError && error.refusal.code === "malformed block") return undefined;
    throw new Error(`thrown for ${lineOf(bytes)}`, { cause: error });
  }
}

/** `canonical` is what the block is written as; "" when it must be refused. */
function expectRead(bytes: Uint8Array, canonical: string): void {
  const block = read(bytes);
  const written = block === undefined ? "" : textOfBytes(createBlock(block).bytes);
  if (written !== canonical) throw new Error(`read as ${written || "nothing"}, but serde: ${lineOf(bytes, canonical)}`);
}

function canonicalOf({ fields }: BlockText): string {
  if (fields === undefined) return "";
  const { parentId, height, timestamp, data } = fields;
  return `{"parent_id":"${parentId}","height":${height},"timestamp":${timestamp},"data":"0x${data}"}`;
}

async function expectLikeSerde(inputs: readonly Uint8Array[]): Promise<void> {
  const answers = (await oracle?.read(inputs)) ?? [];
  for (const [i, answer] of answers.entries()) expectRead(inputs[i] ?? new Uint8Array(), answer);
}

/** What holds for whatever bytes: they stay as they are, the id is their hash, and what was read can be written. */
function expectSound(bytes: Uint8Array): void {
  const before = bytes.slice();
  const block = read(bytes);
  expect(bytes).toEqual(before);
  if (block === undefined) return;
  expect(block.bytes).toBe(bytes);
  expect(block.id).toBe(idFromBytes(sha256(before)));
  const { parentId, height, timestamp, data } = createBlock(block);
  expect(read(createBlock(block).bytes)).toMatchObject({ parentId, height, timestamp, data });
}

/** As it is written in the corpus. */
function lineOf(bytes: Uint8Array, canonical = ""): string {
  const text = textOfBytes(bytes);
  return JSON.stringify(canonical === "" ? { text } : { text, canonical });
}

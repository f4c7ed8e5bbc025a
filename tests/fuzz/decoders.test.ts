import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { type Id, idFromBytes, idToBytes, parseId } from "../../src/avalanche/id.ts";
import { parseConfig } from "../../src/core/config.ts";
import { parseGenesis } from "../../src/core/genesis.ts";
import { decodeGossip, encodeGossip, maxGossipItems } from "../../src/plugin/gossip.ts";
import { formatHeadMarker, parseHeadMarker } from "../../src/plugin/head-marker.ts";
import { bytesOf } from "../support/chain.ts";
import { refusalCodeOf } from "../support/refusal.ts";
import { bytesOfText } from "./block-texts.ts";
import { brokenJson, brokenString, quote, someJson, whiteSpace } from "./json-texts.ts";
import { mutate } from "./mutate.ts";
import { lengthDelimited, tag, varint } from "./protobuf.ts";
import { Random } from "./random.ts";
import { roundsTimeoutMs, runRounds } from "./rounds.ts";

setDefaultTimeout(roundsTimeoutMs);

const perRound = 1_000;

/** Tries `attempt` a thousand times in each round. */
function fuzz(attempt: (random: Random) => void): Promise<void> {
  const round = (seed: number) => {
    const random = new Random(seed);
    for (let i = 0; i < perRound; i++) attempt(random);
  };
  return runRounds({ short: 1, round });
}

/** Takes any error but a refusal with one of `codes` as a failure. */
function expectRefusal(work: () => unknown, ...codes: string[]): void {
  expect([undefined, ...codes]).toContain(refusalCodeOf(work));
}

function hex(bytes: Uint8Array): string {
  return bytes.toHex();
}

describe("gossip", () => {
  function someItems(random: Random): Uint8Array[] {
    const count = random.oneIn(10) ? random.below(2 * maxGossipItems) : random.below(5);
    return random.many(count, () => random.bytes(random.oneIn(20) ? random.below(2_000) : random.below(20)));
  }

  test("of our version gives its items, up to so many, however long its numbers are written", () =>
    fuzz((random) => {
      const items = someItems(random);
      const version = Buffer.concat([tag(1, 0), varint(1n, 1 + random.below(10))]);
      const message = Buffer.concat([version, ...items.map((item) => lengthDelimited(2, item))]);
      expect(decodeGossip(message).map(hex)).toEqual(items.slice(0, maxGossipItems).map(hex));
    }));

  test("of other versions, or with anything else before its items, gives nothing", () =>
    fuzz((random) => {
      const items = someItems(random).slice(0, maxGossipItems - 1);
      const data = items.map((item) => lengthDelimited(2, item));
      const ours = [tag(1, 0), varint(1n)];
      const message = random.pick([
        [tag(1, 0), varint(BigInt(2 + random.below(2 ** 31))), ...data, lengthDelimited(2, new Uint8Array())],
        [lengthDelimited(2, new Uint8Array()), ...ours, ...data],
        [...ours, lengthDelimited(3 + random.below(100), random.bytes(3)), ...data],
        [...ours, tag(2, 0), varint(random.u64()), ...data],
        [...ours, ...data, tag(2, 2), varint(2n ** 31n - 1n)],
        [...ours, ...data, lengthDelimited(2, random.bytes(5)).subarray(0, -1)],
        [...ours, ...data, Uint8Array.of(0xff)],
      ]);
      expect(decodeGossip(Buffer.concat(message))).toEqual([]);
    }));

  test("with changed bytes gives some items of its own, never an error", () =>
    fuzz((random) => {
      const message = mutate(random, encodeGossip(someItems(random)));
      const items = decodeGossip(message);
      expect(items.length).toBeLessThanOrEqual(maxGossipItems);
      for (const item of items) expect(item.buffer, "a part of the message").toBe(message.buffer);
    }));
});

describe("an id", () => {
  test("has 32 bytes", () =>
    fuzz((random) => {
      const bytes = random.bytes(random.pick([0, 31, 32, 33, random.below(100)]));
      if (bytes.length === 32) expect(idToBytes(idFromBytes(bytes))).toEqual(bytes);
      else expect(refusalCodeOf(() => idFromBytes(bytes))).toBe("malformed id");
    }));

  test("as any text is read or refused, and read again as itself", () =>
    fuzz((random) => {
      const text = new TextDecoder().decode(mutate(random, bytesOf(idFromBytes(random.bytes(32)))));
      let id: Id | undefined;
      expectRefusal(() => {
        id = parseId(text);
      }, "malformed id");
      if (id === undefined) return;
      expect(parseId(id)).toBe(id);
      expect(idFromBytes(idToBytes(id))).toBe(id);
    }));
});

test("a head marker is read from 56 bytes, and is nothing in all others", () =>
  fuzz((random) => {
    const bytes = random.bytes(random.pick([56, 56, 55, 57, random.below(200)]));
    const marker = parseHeadMarker(bytes);
    if (bytes.length === 56) expect(marker && formatHeadMarker(marker)).toEqual(bytes);
    else expect(marker).toBeUndefined();
  }));

describe("genesis", () => {
  test("of good and bad parts is taken when all are good", () =>
    fuzz((random) => {
      const text = random.pick(["", "hello", 'é\ud83d\ude00\u0000"\\/', "\x7f\u0085", "x".repeat(300)]);
      const members = [`${quote(random, "data")}${whiteSpace(random)}:${whiteSpace(random)}${quote(random, text)}`];
      if (random.oneIn(3)) members.push(`${quote(random, random.pick(["Data", "", "x"]))}:${someJson(random)}`);
      const isGood = random.oneIn(2);
      const bad = ["1", `"x":${brokenJson(random)}`, `${brokenString(random)}:1`, '"data":""', `"data":null`, ""];
      if (!isGood) members.push(random.pick(bad));
      const bytes = bytesOfText(`${whiteSpace(random)}{${random.shuffle(members).join(",")}}${whiteSpace(random)}`);
      if (isGood) expect(parseGenesis(bytes).data).toEqual(bytesOf(text));
      else expect(refusalCodeOf(() => parseGenesis(bytes))).toBe("malformed genesis");
    }));

  test("of any bytes is read or refused", () =>
    fuzz((random) => {
      const bytes = mutate(
        random,
        bytesOf(random.pick(['{"data":"hello"}', '["hello"]', '{"x":[1],"data":"\\u0041"}'])),
      );
      expectRefusal(() => parseGenesis(bytes), "malformed genesis");
    }));
});

test("a chain config of any bytes is read or refused, and what is read is in its limits", () =>
  fuzz((random) => {
    const given = { logLevel: "debug", durability: "full", maxMempoolItems: random.below(100), maxMempoolBytes: 2e6 };
    const members = Object.entries(given).filter(() => random.oneIn(2));
    const bytes = mutate(random, bytesOf(JSON.stringify(Object.fromEntries(members))));
    expectRefusal(() => {
      const { logLevel, durability, maxMempoolItems, maxMempoolBytes } = parseConfig(bytes);
      expect(["debug", "info", "warn", "error"]).toContain(logLevel);
      expect(["auto", "normal", "full"]).toContain(durability);
      for (const limit of [maxMempoolItems, maxMempoolBytes]) expect(limit).toBeWithin(1, 2 ** 33);
    }, "malformed config");
  }));

import { base58 } from "@scure/base";
import { type Id, idFromBytes, zeroId } from "../../src/avalanche/id.ts";
import { sha256 } from "../../src/avalanche/sha256.ts";
import { brokenJson, brokenString, quote, someJson, whiteSpace } from "./json-texts.ts";
import type { Random } from "./random.ts";

// Blocks as text, put together from parts that are good or bad by the rules of serde, so that it is known what must come
// out. One character is one byte.

export interface Fields {
  readonly parentId: Id;
  readonly height: bigint;
  readonly timestamp: bigint;
  readonly data: string;
}

export interface BlockText {
  readonly text: string;
  /** What the block says; undefined for what is no block. */
  readonly fields: Fields | undefined;
}

/** Some text, and the value it stands for; undefined when it stands for none. */
interface Part<T> {
  readonly text: string;
  readonly value: T | undefined;
}

/** One in so many parts is bad: every second block is good. */
const badOneIn = 16;

/** A block, or nearly one; of `known` fields where they are given. */
export function someBlock(random: Random, known: Partial<Fields> = {}): BlockText {
  const parts = {
    parent_id: choose(random, known.parentId, goodId, badId),
    height: choose(random, known.height, goodNumber, badNumber),
    timestamp: choose(random, known.timestamp, goodNumber, badNumber),
    data: choose(random, known.data, goodData, badData),
  };
  const body = random.oneIn(6) ? asArray(random, Object.values(parts)) : asObject(random, Object.entries(parts));
  const around = random.oneIn(badOneIn) ? badAround(random) : goodAround(random);
  const { parent_id, height, timestamp, data } = parts;
  const isGood = body.value !== undefined && around.value !== undefined;
  const text = around.text.replace("{}", () => body.text);
  if (!isGood || parent_id.value === undefined || data.value === undefined) return { text, fields: undefined };
  if (height.value === undefined || timestamp.value === undefined) return { text, fields: undefined };
  const fields = { parentId: parent_id.value, height: height.value, timestamp: timestamp.value, data: data.value };
  return { text, fields };
}

export function bytesOfText(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

export function textOfBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function choose<T>(
  random: Random,
  known: T | undefined,
  good: (random: Random, value?: T) => Part<T>,
  bad: (random: Random) => string,
): Part<T> {
  if (random.oneIn(badOneIn)) return { text: bad(random), value: undefined };
  return good(random, known);
}

// The two forms of a struct.

function asArray(random: Random, parts: readonly Part<unknown>[]): Part<true> {
  const texts = parts.map(({ text }) => text);
  const isBad = random.oneIn(badOneIn);
  if (isBad) {
    const spoil = random.pick([
      () => texts.push(someJson(random)),
      () => texts.splice(random.below(4), 1),
      () => texts.push(""), // a comma too many
      () => texts.unshift(""),
      () => texts.splice(1, 1, ""),
    ]);
    spoil();
  }
  return { text: `[${join(random, texts)}]`, value: isBad ? undefined : true };
}

function asObject(random: Random, parts: readonly (readonly [string, Part<unknown>])[]): Part<true> {
  const members = parts.map(([name, { text }]) => member(random, quote(random, name), text));
  for (let i = random.below(3); i > 0; i--) members.push(member(random, unknownKey(random), someJson(random)));
  const isBad = random.oneIn(badOneIn);
  if (isBad) spoilObject(random, members);
  return { text: `{${join(random, random.shuffle(members))}}`, value: isBad ? undefined : true };
}

function spoilObject(random: Random, members: string[]): void {
  const spoil = random.pick([
    () => members.splice(random.below(4), 1), // a field is missing
    () => members.push(member(random, quote(random, random.pick(fieldNames)), someJson(random))), // or comes twice
    () => members.push(member(random, unknownKey(random), brokenJson(random))),
    () => members.push(member(random, brokenString(random), someJson(random))),
    () => members.push(member(random, random.pick(["1", "null", "x", "'x'", "", "[]"]), someJson(random))),
    () => members.push(unknownKey(random)),
    () => members.push(`${unknownKey(random)}${random.pick(["", ",", "::", "=", "\x00:", ";"])}${someJson(random)}`),
    () => members.push(""),
  ]);
  spoil();
}

const fieldNames = ["parent_id", "height", "timestamp", "data"];

function unknownKey(random: Random): string {
  const near = () => {
    const name = random.pick(fieldNames);
    return random.pick([name.toUpperCase(), `${name} `, ` ${name}`, `${name}\x00`, name.slice(1), name.slice(0, -1)]);
  };
  const name = random.pick([
    near,
    () => random.pick(["", "id", "bytes", "state", "__proto__", "parentId", "\\", 'a\\\\"']),
  ]);
  return quote(random, name());
}

function member(random: Random, key: string, value: string): string {
  return `${whiteSpace(random)}${key}${whiteSpace(random)}:${whiteSpace(random)}${value}${whiteSpace(random)}`;
}

function join(random: Random, texts: readonly string[]): string {
  return texts.map((text) => `${whiteSpace(random)}${text}${whiteSpace(random)}`).join(",");
}

/** Where the body goes stands `{}`. */
function goodAround(random: Random): Part<true> {
  return { text: `${whiteSpace(random)}{}${whiteSpace(random)}`, value: true };
}

function badAround(random: Random): Part<true> {
  const junk = random.pick([
    "\xef\xbb\xbf",
    "\x00",
    "\x0b",
    "\x0c",
    "\xc2\xa0",
    ",",
    "{",
    "]",
    "1",
    "\x7f",
    "//",
    "\\",
  ]);
  const inside = random.pick(['"', "[", "[[", '{"x":']);
  const text = random.pick([`${junk}{}`, `{}${junk}`, `{}{}`, `${inside}{}`, `{} ${junk}`, `{}null`, junk]);
  return { text, value: undefined };
}

// Ids.

function goodId(random: Random, known?: Id): Part<Id> {
  const payload = random.pick([
    () => random.bytes(32),
    () => random.bytes(random.below(33)),
    () => new Uint8Array(random.below(33)), // base58 keeps leading zeros
    () => Uint8Array.of(...new Uint8Array(random.below(16)), ...random.bytes(16)),
  ])();
  const padded = new Uint8Array(32);
  padded.set(payload);
  const id = known ?? (random.oneIn(8) ? zeroId : idFromBytes(padded));
  const text = known === undefined && id !== zeroId ? cb58(payload) : id;
  const white = () => random.many(random.oneIn(6) ? random.below(4) : 0, () => random.pick(rustWhiteSpace)).join("");
  return { text: quote(random, `${white()}${text}${white()}`), value: id };
}

/** Unicode's White_Space. */
const rustWhiteSpace = [..."\t\n\v\f\r \x85\xa0\u1680\u2000\u2005\u200a\u2028\u2029\u202f\u205f\u3000"];

function badId(random: Random): string {
  const good = cb58(random.bytes(32));
  const at = 1 + random.below(good.length - 1);
  return random.pick([
    () => quote(random, `${good.slice(0, at)}${good[at] === "2" ? "3" : "2"}${good.slice(at + 1)}`),
    () => quote(random, `${good.slice(0, at)}${random.pick([..."0OIl+/ \0\u0100é\u200b"])}${good.slice(at)}`),
    () => quote(random, good.slice(0, at)),
    () => quote(random, `${good}${random.pick(["\ufeff", "\u200b", "\u180e", "1", good])}`),
    () => quote(random, `1${good}`),
    () => quote(random, cb58(random.bytes(33 + random.below(3)))),
    () => quote(random, cb58(new Uint8Array(33))),
    () => quote(random, base58.encode(random.bytes(random.below(6)))),
    () => quote(random, "1".repeat(random.below(60))),
    () => notAString(random),
  ])();
}

function cb58(payload: Uint8Array): string {
  return base58.encode(Uint8Array.of(...payload, ...sha256(payload).subarray(-4)));
}

// Numbers.

function goodNumber(random: Random, known?: bigint): Part<bigint> {
  const value = known ?? random.u64();
  return { text: `${value}`, value };
}

function badNumber(random: Random): string {
  const digits = `${random.u64()}`;
  return random.pick([
    () => `-${digits}`,
    () => `+${digits}`,
    () => `0${digits}`,
    () => `${digits}${random.pick([".0", ".", "e0", "E+1", "e", "n", "_0", "x", " 1", "\xa0"])}`,
    () => `${2n ** 64n + random.u64()}`,
    () => `${digits}${"0".repeat(20)}`,
    () => `"${digits}"`,
    () => random.pick(["null", "true", "{}", "[]", "[1]", "NaN", "Infinity", "0x10", "''", "", "\xd9\xa1"]),
    () => someJson(random).replace(/^[0-9]+$/, "-0"),
  ])();
}

// Data.

function goodData(random: Random, known?: string): Part<string> {
  const value = known ?? random.bytes(random.oneIn(20) ? random.below(3_000) : random.below(40)).toHex();
  const digits = value.replace(/[a-f]/g, (digit) => (random.oneIn(4) ? digit.toUpperCase() : digit));
  return { text: quote(random, `${"0x".repeat(random.oneIn(4) ? random.below(5) : 1)}${digits}`), value };
}

function badData(random: Random): string {
  const digits = random.bytes(1 + random.below(20)).toHex();
  const at = random.below(digits.length);
  return random.pick([
    () => quote(random, `0x${digits.slice(1)}`),
    () => quote(random, `0x${digits}${random.pick([..."0fx"])}`),
    () => quote(random, `${random.pick(["0X", " 0x", "0x0X", "00x", "x", "0", "\\x", "0x ", "#", "\0"])}${digits}`),
    () => quote(random, `0x${digits.slice(0, at)}${random.pick([..."gG -_.\0é\uff11٠:/@`"])}${digits.slice(at + 1)}`),
    () => notAString(random),
  ])();
}

function notAString(random: Random): string {
  const other = () => random.pick(["null", "0", "-1.5", "true", "[]", "{}", '["x"]', '{"x":"y"}', "", "x", "'x'"]);
  return random.oneIn(2) ? brokenString(random) : other();
}

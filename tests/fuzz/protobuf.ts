import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import type { Random } from "./random.ts";

/** What to put into the fields of a message, by their names. */
export interface Filling {
  readonly bytes: (field: string) => Uint8Array;
  readonly text: (field: string) => string;
  readonly number: (field: string) => bigint;
}

/**
 * A message that every reader of protobuf takes, in a form that no writer of ours has: fields are missing, come in any
 * order or again, numbers are longer than they need, and unknown fields of every kind stand between.
 */
export function someMessage(random: Random, { fields }: DescMessage, filling: Filling): Uint8Array {
  const records = fields.filter(() => !random.oneIn(6)).flatMap((field) => fieldRecords(random, field, filling));
  while (random.oneIn(3)) records.push(unknownRecord(random));
  return Buffer.concat(random.oneIn(3) ? random.shuffle(records) : records);
}

/** Bytes that are no message of ours: what is in them is taken for something else, ends too early, or is none at all. */
export function spoiledMessage(random: Random, { fields }: DescMessage): Uint8Array {
  const { number } = fields.length === 0 ? { number: 1 } : random.pick(fields);
  return random.pick([
    () => Buffer.concat([tag(number, WireType.LengthDelimited), varint(random.u64())]),
    () => Buffer.concat([tag(number, WireType.LengthDelimited), varint(2n ** 31n - 1n), random.bytes(10)]),
    () => Buffer.concat([tag(number, random.below(8)), random.bytes(random.below(20))]),
    () => Buffer.concat([tag(number, WireType.Varint), new Uint8Array(11).fill(0xff)]),
    () => Buffer.concat(random.many(200, () => tag(number + 1_000, WireType.StartGroup))),
    () => Buffer.concat([tag(1_000, WireType.StartGroup), tag(1_001, WireType.EndGroup)]),
    () => tag(number, WireType.EndGroup),
    () => tag(0, random.below(6)),
    () => tag(number, WireType.Bit64),
    () => Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
    () => random.bytes(random.below(200)),
    () => new Uint8Array(random.below(100_000)),
    () => new Uint8Array(random.below(100_000)).fill(0xff),
  ])();
}

/** Length-delimited, for messages that are written by hand. */
export function lengthDelimited(number: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([tag(number, WireType.LengthDelimited), varint(BigInt(bytes.length)), bytes]);
}

export function tag(number: number, type: number): Uint8Array {
  return varint((BigInt(number) << 3n) | BigInt(type));
}

/** At least `bytes` long, which needs zeros above the value. */
export function varint(value: bigint, bytes = 1): Uint8Array {
  const groups: number[] = [];
  for (let rest = value; rest > 0n || groups.length < bytes; rest >>= 7n) groups.push(Number(rest & 0x7fn));
  return Uint8Array.from(groups, (group, i) => (i < groups.length - 1 ? group | 0x80 : group));
}

function fieldRecords(random: Random, field: DescField, filling: Filling): Uint8Array[] {
  const times = field.fieldKind === "list" ? random.below(4) : random.pick([1, 1, 1, 1, 2]);
  return random.many(times, () => fieldRecord(random, field, filling));
}

function fieldRecord(random: Random, field: DescField, filling: Filling): Uint8Array {
  const { number, name } = field;
  const { message, scalar }: { message?: DescMessage | undefined; scalar?: ScalarType | undefined } = field;
  if (message !== undefined) return lengthDelimited(number, someMessage(random, message, filling));
  if (scalar === ScalarType.BYTES) return lengthDelimited(number, filling.bytes(name));
  if (scalar === ScalarType.STRING) return lengthDelimited(number, new TextEncoder().encode(filling.text(name)));
  return Buffer.concat([tag(number, WireType.Varint), varint(filling.number(name), random.pick([1, 1, 5, 10]))]);
}

function unknownRecord(random: Random): Uint8Array {
  const number = random.pick([100, 1_000, 536_870_911]);
  return random.pick([
    () => Buffer.concat([tag(number, WireType.Varint), varint(random.u64())]),
    () => Buffer.concat([tag(number, WireType.Bit32), random.bytes(4)]),
    () => Buffer.concat([tag(number, WireType.Bit64), random.bytes(8)]),
    () => lengthDelimited(number, random.bytes(random.below(50))),
    () => unknownGroups(number, random.below(40)),
  ])();
}

function unknownGroups(number: number, depth: number): Uint8Array {
  const starts = Array.from({ length: depth }, () => tag(number, WireType.StartGroup));
  return Buffer.concat([...starts, ...starts.map(() => tag(number, WireType.EndGroup))]);
}

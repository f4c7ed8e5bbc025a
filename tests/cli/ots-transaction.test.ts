import { expect, test } from "bun:test";
import { transactionIdOf } from "../../src/cli/ots/transaction.ts";

// A transaction with one input and one output, put together by hand.
const version = "01000000";
const input = `${"11".repeat(32)}00000000`;
const transaction = (scriptSize: string, script: string) =>
  Uint8Array.fromHex(`${version}01${input}${scriptSize}${script}ffffffff01${"00".repeat(8)}0151${"00".repeat(4)}`);

function idOf(bytes: Uint8Array): string {
  const once = new Bun.CryptoHasher("sha256").update(Buffer.from(bytes)).digest();
  return Buffer.from(new Bun.CryptoHasher("sha256").update(once).digest()).reverse().toString("hex");
}

test.each([
  ["no script", "00", ""],
  ["a script of 252 bytes", "fc", "ab".repeat(252)],
  ["a script of 253 bytes", "fdfd00", "ab".repeat(253)],
  ["a script of 3,000 bytes", "fdb80b", "ab".repeat(3_000)],
])("a transaction with %s has an id", (_what, size, script) => {
  const bytes = transaction(size, script);
  expect(transactionIdOf(bytes)).toBe(idOf(bytes));
});

test.each([
  ["a size of 32 bits", transaction("fe00000000", "")],
  ["no input", Uint8Array.fromHex(`${version}0001${"00".repeat(8)}0151${"00".repeat(4)}`)],
  ["bytes behind it", Uint8Array.of(...transaction("00", ""), 0)],
  ["nothing", new Uint8Array()],
])("%s is no transaction", (_what, bytes) => {
  expect(transactionIdOf(bytes)).toBeUndefined();
});

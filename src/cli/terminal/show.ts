import type { ResultOf } from "../../client/contract.ts";
import { decodePrintable } from "../../core/printable.ts";
import { CommandFailed } from "../command-failed.ts";
import { countOf, groupDigits } from "./counts.ts";
import type { Paint } from "./paint.ts";

export type Block = ResultOf<"getBlockByHeight">["block"];

/** Names and values below each other; a value that is undefined has no row. */
export function formatRows(
  rows: readonly (readonly [name: string, value: string | undefined])[],
  paint: Paint,
): string {
  const shown = rows.filter(([, value]) => value !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${paint("dim", name.padEnd(width))}  ${value}\n`).join("");
}

/** Unix seconds as ISO 8601. */
export function formatTime(seconds: bigint): string {
  if (seconds > maxDateSeconds) return `${seconds} s after 1970`;
  return new Date(Number(seconds) * 1_000).toISOString().replace(".000", "");
}

/** The greatest time of a `Date` (ECMAScript 2025, 21.4.1.1). */
const maxDateSeconds = 8_640_000_000_000n;

export function formatBytes(bytes: number | bigint): string {
  return countOf(bytes, "byte");
}

/** What a block carries: printable text as it is, all else in hex; indented, so that nothing in it looks like ours. */
export function formatData(data: Uint8Array, maxBytes: number): string {
  const shown = data.subarray(0, maxBytes);
  const hidden = data.length - shown.length;
  const text = decodePrintable(shown, hidden > 0) ?? `0x${shown.toHex()}`;
  const lines = text.replace(/\r?\n$/, "").split(/\r?\n/);
  const rest = hidden > 0 ? `… and ${groupDigits(hidden)} bytes more: --raw writes them all\n` : "";
  return `${lines.map((line) => `  ${line}\n`).join("")}${rest}`;
}

/** The bytes that a server gives as hex. */
export function parseHex(text: string): Uint8Array {
  try {
    if (/^0x/i.test(text)) return Uint8Array.fromHex(text.slice(2));
  } catch {
    // Refused below. A pattern over a megabyte would take a quarter of a second.
  }
  throw new CommandFailed("the node gives data that is not hex");
}

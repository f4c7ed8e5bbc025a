import { readFileSync } from "node:fs";
import { bytesOfText } from "./block-texts.ts";

/** An input with what serde makes of it. */
export interface RecordedBlock {
  /** One character is one byte. */
  readonly text: string;
  /** What serde writes for the block again; absent when it refuses the text. */
  readonly canonical?: string;
}

export const blocksFile: URL = new URL("corpus/blocks.jsonl", import.meta.url);

export function readBlocks(): RecordedBlock[] {
  return readLines(blocksFile) as RecordedBlock[];
}

/** The blocks as bytes; `canonical` is "" for what is refused. */
export const recordedBlocks: readonly { readonly bytes: Uint8Array; readonly canonical: string }[] = readBlocks().map(
  ({ text, canonical = "" }) => ({ bytes: bytesOfText(text), canonical }),
);

/** Requests that every reader of protobuf takes, though no writer makes them. */
export const recordedCalls: readonly { readonly path: string; readonly request: Uint8Array }[] = (
  readLines(new URL("corpus/calls.jsonl", import.meta.url)) as { path: string; hex: string }[]
).map(({ path, hex }) => ({ path, request: Uint8Array.fromHex(hex) }));

function readLines(file: URL): unknown[] {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as unknown);
}

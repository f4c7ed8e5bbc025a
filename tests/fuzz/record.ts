// Writes into each line of corpus/blocks.jsonl what serde makes of its text. Needs FUZZ_ORACLE.
import { bytesOfText } from "./block-texts.ts";
import { blocksFile, readBlocks } from "./corpus.ts";
import { Oracle } from "./oracle.ts";

await using oracle = Oracle.start();
if (oracle === undefined) throw new Error("FUZZ_ORACLE is not set");
const texts = readBlocks().map(({ text }) => text);
const answers = await oracle.read(texts.map(bytesOfText));
const lines = texts.map((text, i) => (answers[i] === "" ? { text } : { text, canonical: answers[i] }));
await Bun.write(blocksFile, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);

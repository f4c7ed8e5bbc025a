// A thread that reads a file without a rest, until it is told to end. Its argument is the file.

import { BlockReader } from "../../src/store/block-reader.ts";

const reader = BlockReader.openBeside(process.argv.at(-1) ?? "");
let isEnding = false;
addEventListener("message", () => {
  isEnding = true;
});
readForAWhile();
postMessage("reading");

function readForAWhile(): void {
  for (let i = 0; i < 1_000; i++) reader.lastAccepted();
  if (!isEnding) return void setImmediate(readForAWhile);
  reader.close();
  postMessage("ended");
}

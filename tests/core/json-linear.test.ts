import { describe, expect, test } from "bun:test";
import { parseBlock } from "../../src/core/block.ts";
import { zeroId } from "../../src/core/id.ts";
import { bytesOf } from "../support/chain.ts";
import { refusalCodeOf } from "../support/refusal.ts";

/** What a peer can send at most. */
const maxMessageBytes = 2 * 1024 * 1024;
/** Far more than a pass over so many bytes needs, far less than a second pass for each byte. */
const maxMs = 2_000;

const head = `{"parent_id":"${zeroId}","height":1,"timestamp":2,"data":"0x","x":`;

function fill(piece: string, rest = ""): string {
  return piece.repeat(Math.floor((maxMessageBytes - 200 - rest.length) / piece.length)) + rest;
}

const half = Math.floor((maxMessageBytes - 200) / 2);

const taken: Readonly<Record<string, string>> = {
  "nested arrays": `${head}${"[".repeat(half)}${"]".repeat(half)}}`,
  "nested objects": `${head}${'{"":'.repeat(half / 3)}0${"}".repeat(half / 3)}}`,
  "one long string": `${head}"${fill("x", '"}')}`,
  backslashes: `${head}"${fill("\\\\", '"}')}`,
  quotes: `${head}"${fill('\\"', '"}')}`,
  escapes: `${head}"${fill("\\u0041", '"}')}`,
  "a long number": `${head}${fill("9", "}")}`,
  "a long exponent": `${head}1e${fill("9", "}")}`,
  "many elements": `${head}[${fill("0,", "0]}")}`,
  "many keys inside": `${head}{${fill('"a":0,', '"a":0}}')}`,
  "many keys": `${head}0${fill(',"x":0', "}")}`,
  "many escaped keys": `${head}0${fill(',"\\u0078":0', "}")}`,
  "a long key": `${head}0,"${fill("k", '":0}')}`,
  "white space": `${head}${fill(" ", "0}")}`,
  "0x after 0x": `{"parent_id":"${zeroId}","height":1,"timestamp":2,"data":"${fill("0x", '"}')}`,
  "data of the largest block": `{"parent_id":"${zeroId}","height":1,"timestamp":2,"data":"${fill("ab", '"}')}`,
  "data in escapes": `{"parent_id":"${zeroId}","height":1,"timestamp":2,"data":"${fill("\\u0061\\u0062", '"}')}`,
  "white space around the id": `{"parent_id":"${fill("\\t", `${zeroId}","height":1,"timestamp":2,"data":""}`)}`,
};

const refused: Readonly<Record<string, string>> = {
  "open arrays": fill("["),
  "open arrays in a value": `${head}${fill("[")}`,
  "open objects": `${head}${fill('{"":')}`,
  "alternating brackets": `${head}${fill("[{")}`,
  "a string without an end": `${head}"${fill("x")}`,
  "a key of backslashes without an end": `{"${fill("\\")}`,
  "a key of quotes without an end": `{"${fill('\\"')}`,
  "a string of backslashes without an end": `${head}"${fill("\\\\")}`,
  "a long id": `{"parent_id":"${fill("z", '","height":1,"timestamp":2,"data":""}')}`,
  "an id of ones": `{"parent_id":"${fill("1", '","height":1,"timestamp":2,"data":""}')}`,
  "a long height": `{"parent_id":"${zeroId}","height":${fill("9", ',"timestamp":2,"data":""}')}`,
  "a height of zeros": `{"parent_id":"${zeroId}","height":${fill("0", ',"timestamp":2,"data":""}')}`,
  "data that ends in no hex": `{"parent_id":"${zeroId}","height":1,"timestamp":2,"data":"${fill("ab", 'xy"}')}`,
  "white space alone": fill(" "),
  "digits alone": fill("7"),
  quotes: fill('"'),
};

function msOf(text: string, code: string | undefined): number {
  const bytes = bytesOf(text);
  expect(bytes.length).toBeLessThanOrEqual(maxMessageBytes);
  const started = performance.now();
  expect(refusalCodeOf(() => parseBlock(bytes))).toBe(code as never);
  return performance.now() - started;
}

describe("two megabytes take time in proportion:", () => {
  test.each(Object.entries(taken))("%s, taken", (_name, text) => {
    expect(msOf(text, undefined)).toBeLessThan(maxMs);
  });

  test.each(Object.entries(refused))("%s, refused", (_name, text) => {
    expect(msOf(text, "malformed block")).toBeLessThan(maxMs);
  });
});

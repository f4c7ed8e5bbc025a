import { zeroId } from "../../src/avalanche/id.ts";

/** A text of about so many bytes, what a hostile peer may send for a block. */
type Shape = (bytes: number) => string;

/** Texts that are blocks. */
export const taken: Readonly<Record<string, Shape>> = {
  "nested arrays": (bytes) => ignored(`${"[".repeat(bytes / 2)}${"]".repeat(bytes / 2)}`),
  "nested objects": (bytes) => ignored(`${'{"":'.repeat(bytes / 5)}0${"}".repeat(bytes / 5)}`),
  "one long string": (bytes) => ignored(`"${fill("x", bytes)}"`),
  "a string of backslashes": (bytes) => ignored(`"${fill("\\\\", bytes)}"`),
  "a string of quotes": (bytes) => ignored(`"${fill('\\"', bytes)}"`),
  "a string of escapes": (bytes) => ignored(`"${fill("\\u0041", bytes)}"`),
  "a string beyond ASCII": (bytes) => ignored(`"${fill("é", bytes)}"`),
  "a long number": (bytes) => ignored(fill("9", bytes)),
  "a long fraction": (bytes) => ignored(`0.${fill("9", bytes)}`),
  "a long exponent": (bytes) => ignored(`1e${fill("9", bytes)}`),
  "many elements": (bytes) => ignored(`[${fill("0,", bytes)}0]`),
  "many words": (bytes) => ignored(`[${fill("false,", bytes)}0]`),
  "many strings": (bytes) => ignored(`[${fill('"",', bytes)}0]`),
  "many arrays": (bytes) => ignored(`[${fill("[],", bytes)}0]`),
  "many keys inside": (bytes) => ignored(`{${fill('"a":0,', bytes)}"a":0}`),
  "white space": (bytes) => ignored(`${fill(" ", bytes)}0`),
  "many keys": (bytes) => ignored(`0${fill(',"x":0', bytes)}`),
  "many empty keys": (bytes) => ignored(`0${fill(',"":0', bytes)}`),
  "many escaped keys": (bytes) => ignored(`0${fill(',"\\u0078":0', bytes)}`),
  "many keys beyond ASCII": (bytes) => ignored(`0${fill(',"é😀":0', bytes)}`),
  "many keys of pairs of surrogates": (bytes) => ignored(`0${fill(',"\\ud83d\\ude00":0', bytes)}`),
  "many keys that are nearly a field's": (bytes) => ignored(`0${fill(',"timestam\\u0070s":0', bytes)}`),
  "a long key": (bytes) => ignored(`0,"${fill("k", bytes)}":0`),
  "a long key beyond ASCII": (bytes) => ignored(`0,"${fill("😀", bytes)}":0`),
  "a long key of quotes": (bytes) => ignored(`0,"${fill('\\"', bytes)}":0`),
  "a long key of pairs of surrogates": (bytes) => ignored(`0,"${fill("\\ud83d\\ude00", bytes)}":0`),
  "0x after 0x": (bytes) => blockOf(zeroId, fill("0x", bytes)),
  "data of the largest block": (bytes) => blockOf(zeroId, fill("ab", bytes)),
  "data in escapes": (bytes) => blockOf(zeroId, fill("\\u0061\\u0062", bytes)),
  "white space around the id": (bytes) => blockOf(`${fill(" ", bytes / 2)}${zeroId}${fill(" ", bytes / 2)}`, ""),
  "tabs around the id": (bytes) => blockOf(`${fill("\\t", bytes)}${zeroId}`, ""),
  "wide spaces around the id": (bytes) => blockOf(`${fill("\u3000", bytes)}${zeroId}`, ""),
  "wide spaces in escapes around the id": (bytes) => blockOf(`${fill("\\u3000", bytes)}${zeroId}`, ""),
};

/** Texts that are none. */
export const refused: Readonly<Record<string, Shape>> = {
  "open arrays": (bytes) => fill("[", bytes),
  "open arrays in a value": (bytes) => `${head}${fill("[", bytes)}`,
  "open objects": (bytes) => `${head}${fill('{"":', bytes)}`,
  "alternating brackets": (bytes) => `${head}${fill("[{", bytes)}`,
  "a string without an end": (bytes) => `${head}"${fill("x", bytes)}`,
  "a string of backslashes without an end": (bytes) => `${head}"${fill("\\\\", bytes)}`,
  "a key of backslashes without an end": (bytes) => `{"${fill("\\\\", bytes)}`,
  "a key of quotes without an end": (bytes) => `{"${fill('\\"', bytes)}`,
  "a long id": (bytes) => blockOf(fill("z", bytes), ""),
  "a long id in escapes": (bytes) => blockOf(fill("\\u0031", bytes), ""),
  "an id of ones": (bytes) => blockOf(fill("1", bytes), ""),
  "an id of white space": (bytes) => blockOf(fill(" ", bytes), ""),
  "a long height": (bytes) => blockOf(zeroId, "", fill("9", bytes)),
  "a height of zeros": (bytes) => blockOf(zeroId, "", fill("0", bytes)),
  "data that ends in no hex": (bytes) => blockOf(zeroId, `${fill("ab", bytes)}xy`),
  "data of quotes": (bytes) => blockOf(zeroId, fill('\\"', bytes)),
  "data beyond ASCII": (bytes) => blockOf(zeroId, fill("😀", bytes)),
  "white space alone": (bytes) => fill(" ", bytes),
  "digits alone": (bytes) => fill("7", bytes),
  "quotes alone": (bytes) => fill('"', bytes),
};

const head = `{"parent_id":"${zeroId}","height":1,"timestamp":2,"data":"0x","x":`;

function ignored(rest: string): string {
  return `${head}${rest}}`;
}

function blockOf(id: string, data: string, height = "1"): string {
  return `{"parent_id":"${id}","height":${height},"timestamp":2,"data":"${data}"}`;
}

function fill(piece: string, bytes: number): string {
  return piece.repeat(bytes / Buffer.byteLength(piece));
}

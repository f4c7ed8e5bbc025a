import { describe, expect, test } from "bun:test";
import { createClient } from "../../src/client/client.ts";
import { parseBlock } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { parseProof } from "../../src/proof/block-proof.ts";
import { RpcClient } from "../api/rpc.ts";
import { serveAnswer } from "./answering-server.ts";

/**
 * Whole numbers as JSON may write them, and what they are; undefined for what is none. By value, as JSON Schema has it
 * ("integer", of which the API's document speaks): however it is written, where that is sure to be exact.
 */
const numbers: readonly (readonly [text: string, value: bigint | undefined])[] = [
  ["0", 0n],
  ["-0", 0n],
  ["5", 5n],
  ["1.0", 1n],
  ["1e3", 1000n],
  ["1E+3", 1000n],
  ["0.5e1", 5n],
  ["9007199254740993", 2n ** 53n + 1n],
  ["1152921504606847000", 1_152_921_504_606_847_000n], // as a double is written that is another number
  ["18446744073709551615", 2n ** 64n - 1n],
  ["9007199254740993.0", 2n ** 53n + 1n],
  ["1e18", 10n ** 18n],
  ["1.8446744073709551615e19", 2n ** 64n - 1n],
  ["120e-1", 12n],
  ["1.5", undefined],
  ["1e-3", undefined],
  ["1e400", undefined],
  ["-5", undefined],
];

/** What the server understands: a page of blocks behind the end is followed by one that begins where it was to begin. */
async function readByServer(text: string): Promise<bigint | undefined> {
  const params = `{"from":${text},"order":"ascending"}`;
  const answer = await new RpcClient().answer(`{"jsonrpc":"2.0","id":1,"method":"getBlocks","params":${params}}`);
  if (text === "0" || text === "-0") return answer?.includes('"blocks":[{') ? 0n : undefined; // the genesis block
  const next = /"next":(\d+)/.exec(answer ?? "")?.[1];
  return next === undefined ? undefined : BigInt(next);
}

/** What a client gives of an answer. */
async function readByClient(text: string): Promise<unknown> {
  using server = serveAnswer(`{"jsonrpc":"2.0","id":1,"result":{"blocks":[],"next":${text}}}`);
  return (await createClient(server.url)("find", { digest: "" })).next;
}

/** Whether a proof of a block of this time is one that says so in this way. */
function readFromProof(text: string, timestamp: bigint): boolean {
  const bytes = Buffer.from(`["11111111111111111111111111111111LpoYY",0,${timestamp},"0x"]`);
  const { id, data } = parseBlock(bytes);
  const name = `"id":"${id}","height":0,"timestamp":${text}`;
  const proof = `{"version":1,${name},"digest":"0x${digestOf(data)}","to":{${name}},"blocks":["0x${bytes.toString("hex")}"]}`;
  try {
    return parseProof(proof).block.timestamp === timestamp;
  } catch {
    return false;
  }
}

test.each(["1.00000000000000000000001", "0.99999999999999999999", "9007199254740991.4", "1e-400"])(
  "%s is no whole number to server and client, though a double of it is",
  async (text) => {
    expect(await readByServer(text)).toBeUndefined();
    expect(typeof (await readByClient(text))).not.toBe("bigint");
  },
);

describe.each(numbers)("%s is the same to server, client and proof", (text, value) => {
  test("server", async () => expect(await readByServer(text)).toBe(value));

  test("client", async () => {
    const read = await readByClient(text);
    if (value !== undefined) expect(read).toBe(value);
    else expect(typeof read !== "bigint" || read < 0n).toBe(true);
  });

  test("proof", () => {
    const meant = value ?? BigInt(Math.trunc(Math.abs(Math.min(Number(text), 2 ** 63))));
    expect(readFromProof(text, meant)).toBe(value !== undefined);
  });
});

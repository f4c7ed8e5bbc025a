import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { parseId } from "../../src/avalanche/id.ts";
import { pauseMs } from "../../src/client/waiting.ts";
import { createBlock } from "../../src/core/block.ts";
import { formatExactJson } from "../../src/core/exact-json.ts";
import { within } from "../fake-node/deadline.ts";
import {
  type AcceptedBlock,
  apiBlock,
  confirmed,
  FakeServer,
  isoTime,
  RpcFailure,
  run,
  StandingClock,
  serverThat,
  sha256,
  someNode,
  TestChain,
} from "./node-support.ts";

let chain: TestChain;
/** At heights 1, 2, … */
let accepted: readonly AcceptedBlock[];
const binary = Uint8Array.of(0, 0xff, 0x1b, 0x5b);
const contents = ["hello world", binary, "", "two\nlines\n", "x".repeat(5_000), new Uint8Array(3_000)];

beforeAll(async () => {
  chain = await TestChain.start();
  accepted = await chain.accept(contents);
});
afterAll(() => chain[Symbol.dispose]());

function at(height: number): AcceptedBlock {
  return accepted[height - 1] as AcceptedBlock;
}

const own = (time: number) => ({ time, node: someNode, own: true });

describe("block", () => {
  test("shows all of a block", async () => {
    const { id, timestamp } = at(1);
    using server = serverThat(confirmed, chain);
    expect(await server.run(["block", "1"])).toMatchObject({
      code: 0,
      err: "",
      out: [
        `block       ${id}`,
        "height      1",
        `parent      ${chain.genesisId}`,
        `time        ${isoTime(timestamp)} (${timestamp}), as claimed: confirmed by this node`,
        `first seen  ${isoTime(timestamp + 30)} by this node`,
        `said by     the node at ${server.url}/ext/bc/timestampvm/rpc`,
        "data        11 bytes",
        `SHA-256     ${sha256("hello world")}`,
        "",
        "  hello world",
        "",
      ].join("\n"),
    });
  });

  test.each<readonly [string, (block: AcceptedBlock) => object, string]>([
    ["nothing, as older servers do", () => ({}), "not confirmed by this node"],
    [
      "that it saw it much later",
      () => ({ claim: "unconfirmed", firstSight: own(2_000_000_000) }),
      "not confirmed by this node",
    ],
    [
      "that it saw it before",
      ({ timestamp }) => ({ claim: "false", firstSight: own(timestamp - 61) }),
      "not the time it was made",
    ],
    [
      "what another one says",
      () => ({ claim: "unconfirmed", firstSight: { time: 0, node: someNode, own: false } }),
      `not confirmed by this node; ${someNode} says: seen 1970-01-01T00:00:00Z`,
    ],
    [
      "that it was encoded again",
      () => ({ claim: "unconfirmed", reencoded: true }),
      "not confirmed by this node; encoded again by timestampvm-rs: never a proof",
    ],
  ])("says what the time is worth where the node says %s", async (_name, knows, words) => {
    using server = serverThat(knows, chain);
    const { out } = await server.run(["block", "1"]);
    expect(out).toContain(`, as claimed: ${words}\n`);
    const { out: list } = await server.run(["blocks", "--from", "1", "--limit", "1"]);
    expect(list).toEndWith(`  ${at(1).id}; ${words}\n`);
    const { out: json } = await server.run(["block", "1", "--json"]);
    expect(JSON.parse(json)).toMatchObject(knows(at(1)));
  });

  test.each<readonly [string, () => readonly string[], number]>([
    ["a height", () => ["2"], 2],
    ["a height with zeros before it", () => ["0002"], 2],
    ["an id", () => [at(3).id], 3],
    ["an id with space around it", () => [` ${at(3).id} `], 3],
    ["latest", () => ["latest"], contents.length],
    ["nothing: the latest", () => [], contents.length],
    ["the first", () => ["0"], 0],
    ["a time, in ISO 8601: the last block until then", () => ["--at", "2200-01-01T00:00:00Z"], contents.length],
    ["a day", () => ["--at", "2025-12-31"], 0],
    ["a time, in Unix seconds", () => ["--at", "0"], 0],
    ["the end of time", () => ["--at", "18446744073709551615"], contents.length],
  ])("is found by %s", async (_name, args, height) => {
    const { code, out } = await chain.run(["block", ...args(), "--json"]);
    expect([code, JSON.parse(out).height]).toEqual([0, height]);
  });

  test.each(["1", "latest", "--at=2200-01-01"])("%s is for programs what the API gives", async (which) => {
    const { out } = await chain.run(["block", which, "--json"]);
    const { height } = JSON.parse(out);
    expect(out).toBe(`${JSON.stringify((await chain.call("getBlockByHeight", { height })).block)}\n`);
  });

  test("by its id is for programs the same as by its height", async () => {
    expect(await chain.run(["block", at(2).id, "--json"])).toEqual(await chain.run(["block", "2", "--json"]));
  });

  test.each(contents.map((_content, i) => i + 1))("%i is written with --raw byte by byte", async (height) => {
    const { code, bytes } = await chain.run(["block", `${height}`, "--raw"]);
    expect([code, Buffer.from(bytes).equals(Buffer.from(contents[height - 1] as string))]).toEqual([0, true]);
  });

  test.each([
    ["text is indented, so that it cannot pass for what stands above", 4, "\n\n  two\n  lines\n"],
    ["what is no text is hex", 2, "\n\n  0x00ff1b5b\n"],
    ["nothing is nothing", 3, `${sha256("")}\n`],
    ["all is there where no person sees it", 5, `\n\n  ${"x".repeat(5_000)}\n`],
  ])("data: %s", async (_name, height, end) => {
    expect((await chain.run(["block", `${height}`])).out).toEndWith(end);
  });

  test.each([
    ["text", 5, `\n\n  ${"x".repeat(2_000)}\n… and 3,000 bytes more: --raw writes them all\n`],
    ["hex", 6, `\n\n  0x${"00".repeat(2_000)}\n… and 1,000 bytes more: --raw writes them all\n`],
  ])("on a terminal a person sees the beginning of long %s", async (_name, height, end) => {
    expect((await chain.run(["block", `${height}`], { isTerminal: true })).out).toEndWith(end);
  });

  test.each([
    ["at a height above the last one", ["7"], "no block at height 7 is accepted"],
    ["at no height that can be", ["18446744073709551615"], "no block at height 18446744073709551615 is accepted"],
    [
      "with an unknown id",
      ["11111111111111111111111111111111LpoYY"],
      "no block 11111111111111111111111111111111LpoYY is",
    ],
  ])("that is not there is exit 1: %s", async (_name, args, reason) => {
    const { code, out, err } = await chain.run(["block", ...args]);
    expect([code, out, err]).toEqual([1, "", expect.stringContaining(`error: ${reason}`)]);
  });
});

test.each([
  ["--at=1970-01-01", "no block from before 1970-01-01T00:00:00Z is accepted"],
  ["latest", "no block at all is accepted"],
])("block %s of a server that has none is exit 1, too", async (which, reason) => {
  using server = new FakeServer(() => new RpcFailure(-32603, "in any words", { code: "unknown block" }));
  const { code, err } = await server.run(["block", which]);
  expect([code, err]).toEqual([1, `error: ${reason}\n`]);
});

test.each([
  ["of a server that gives no code, as timestampvm-rs", undefined],
  ["of a server that is newer", { code: "a new code" }],
  ["without the fields of its code", { code: "mempool full" }],
])("a refusal %s is its words, and exit 1", async (_name, data) => {
  using server = new FakeServer(() => new RpcFailure(-32603, "not found", data));
  const { code, err } = await server.run(["block", "7"]);
  expect([code, err]).toEqual([1, "error: not found\n"]);
});

test("data of nothing but white space is shown as hex, since nobody would see it", async () => {
  using server = new FakeServer(() => ({ block: apiBlock(1, "0x200a09") }));
  expect((await server.run(["block", "1"])).out).toEndWith("\n\n  0x200a09\n");
});

describe("block data never reaches a terminal as commands:", () => {
  test.each([
    ["an escape that clears the screen", "\u001b[2J"],
    ["a title", "\u001b]0;root\u0007"],
    ["an escape of one byte, C1", "\u009b2J"],
    ["a return to the start of the line", "good\rbad"],
    ["a backspace", "a\bb"],
    ["a turn of direction", "abc\u202edef"],
    ["an isolate", "\u2066abc"],
    ["an invisible character", "pass\u200bword"],
    ["a byte order mark", "\ufefftext"],
    ["a null", "a\0b"],
    ["delete", "a\u007fb"],
    ["a tag", "a\u{e0041}b"],
  ])("%s", async (_name, text) => {
    const hex = `0x${Buffer.from(text).toString("hex")}`;
    using server = new FakeServer(() => ({ block: apiBlock(1, hex) }));
    expect((await server.run(["block", "1"])).out).toEndWith(`\n\n  ${hex}\n`);
  });

  test.each(["grüße", "日本", "👩‍🚀 family", "a\tb", "a\r\nb"])("but %j is text", async (text) => {
    const data = `0x${Buffer.from(text).toString("hex")}`;
    using server = new FakeServer(() => ({ block: apiBlock(1, data) }));
    expect((await server.run(["block", "1"])).out).toEndWith(`\n\n  ${text.replace("\r\n", "\n  ")}\n`);
  });

  test("a character that is cut by the limit does not make text hex", async () => {
    const data = `0x${Buffer.from("é".repeat(1_500).padStart(1_501, "x")).toString("hex")}`;
    using server = new FakeServer(() => ({ block: apiBlock(1, data) }));
    const { out } = await server.run(["block", "1"], { isTerminal: true });
    expect(out).toContain(`\n\n  x${"é".repeat(999)}\n… and 1,001 bytes more`);
  });
});

describe("blocks", () => {
  test("are a line each, the newest first", async () => {
    using server = serverThat(confirmed, chain);
    const { code, out, err } = await server.run(["blocks"]);
    expect([code, err]).toEqual([0, ""]);
    const lines = out.trimEnd().split("\n");
    expect(lines.map((line) => Number(line.trim().split(" ")[0]))).toEqual([6, 5, 4, 3, 2, 1, 0]);
    expect(lines[5]).toBe(`       1  ${isoTime(at(1).timestamp)}         11 bytes  ${at(1).id}`);
    expect(lines[6]).toBe(
      `       0  1970-01-01T00:00:00Z          9 bytes  ${chain.genesisId}; written in the genesis`,
    );
  });

  test.each([
    [
      ["--limit", "2"],
      [6, 5],
    ],
    [
      ["--from", "3"],
      [3, 2, 1, 0],
    ],
    [["--from", "3", "--limit", "1"], [3]],
    [["--from", "99", "--limit", "1"], [6]],
    [
      ["--order", "ascending"],
      [0, 1, 2, 3, 4, 5, 6],
    ],
    [
      ["--order", "ascending", "--from", "5"],
      [5, 6],
    ],
    [["--order", "ascending", "--from", "7"], []],
    [
      ["--order", "ascending", "--limit", "2", "--from", "1"],
      [1, 2],
    ],
  ])("%j gives those of heights %j", async (args, heights) => {
    const { code, out } = await chain.run(["blocks", "--json", ...args]);
    const blocks = out.split("\n").filter((line) => line !== "");
    expect([code, blocks.map((line) => JSON.parse(line).height)]).toEqual([0, heights]);
  });

  test("for programs are whole, one a line", async () => {
    const { out } = await chain.run(["blocks", "--json", "--limit", "100"]);
    const { blocks } = await chain.call("getBlocks", { limit: 100 });
    expect(out).toBe(blocks.map((block: object) => `${JSON.stringify(block)}\n`).join(""));
  });

  test.each([
    ["descending", "250", 299, 50],
    ["ascending", "250", 0, 249],
  ])("come %s in as many pages as are needed", async (order, limit, first, last) => {
    using server = new FakeServer((_method, { from, limit, order }) => pageOf(300, from, Number(limit), order));
    const { code, out } = await server.run(["blocks", "--json", "--order", order, "--limit", limit]);
    const heights = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).height);
    expect([code, heights.length, heights[0], heights.at(-1)]).toEqual([0, 250, first, last]);
    expect(new Set(heights).size).toBe(250);
    expect(server.asked.map(({ params }) => params.limit)).toEqual([100, 100, 50]);
  });

  test.each([
    ["the same page for ever", { blocks: [apiBlock(5)], next: 5 }, ["--from", "5"]],
    ["ever higher ones where lower ones were asked for", { blocks: [apiBlock(5)], next: 6 }, ["--from", "5"]],
    ["the same page, ascending", { blocks: [apiBlock(5)], next: 5 }, ["--from", "5", "--order", "ascending"]],
    ["the same page to who follows", { blocks: [apiBlock(5)], next: 5 }, ["--from", "5", "--follow"]],
    ["no way on to who follows", { blocks: [apiBlock(5)] }, ["--from", "5", "--follow"]],
  ])("of a server that gives %s are not listed for ever", async (_name, page, args) => {
    using server = new FakeServer(() => page);
    const { code, err } = await server.run(["blocks", ...args]);
    expect([code, err]).toEqual([1, expect.stringContaining("the server's answer contradicts itself")]);
  });

  test("have all digits of their integers", async () => {
    const last = { parentId: parseId(chain.genesisId), height: 2n ** 64n - 1n, timestamp: 1_795_297_311n };
    const { id } = createBlock({ ...last, data: Uint8Array.of(0) });
    const text = formatExactJson({ blocks: [{ ...last, id, data: "0x00", status: "accepted" }] });
    using server = new FakeServer(() => new Response(`{"jsonrpc":"2.0","id":1,"result":${text}}`));
    expect((await server.run(["blocks", "--json"])).out).toContain('"height":18446744073709551615,');
    expect((await server.run(["blocks"])).out).toContain("18446744073709551615  2026-");
  });
});

/** A page of a chain of `count` blocks. */
function pageOf(count: number, from: unknown, limit: number, order: unknown): object {
  const step = order === "ascending" ? 1 : -1;
  let height = Number(from ?? (step === 1 ? 0 : count - 1));
  const blocks: object[] = [];
  for (; blocks.length < limit && height >= 0 && height < count; height += step) blocks.push(apiBlock(height));
  return { blocks, ...(height >= 0 && { next: height }) };
}

describe("blocks --follow", () => {
  /** Runs until block `last` is printed, and ends by the reader's going away. */
  async function follow(args: readonly string[], last: number) {
    using following = await TestChain.start();
    await following.accept(["1", "2", "3"]);
    let heights: number[] = [];
    const { promise: started, resolve } = Promise.withResolvers<void>();
    const end = following.run(["blocks", "--follow", "--json", ...args], {
      onOut: (text) => {
        heights = text
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line).height);
        if (heights.includes(3)) resolve();
        if (heights.includes(last)) throw Object.assign(new Error("EPIPE"), { code: "EPIPE" });
      },
    });
    await within("the blocks that are there", started);
    await following.accept(["4", "5"]);
    const { code, err } = await within("the new ones", end);
    return { code, err, heights };
  }

  test.each<readonly [readonly string[], readonly number[]]>([
    [[], [0, 1, 2, 3, 4, 5]],
    [
      ["--limit", "1"],
      [3, 4, 5],
    ],
    [
      ["--limit", "2"],
      [2, 3, 4, 5],
    ],
    [
      ["--from", "1"],
      [1, 2, 3, 4, 5],
    ],
  ])("%j lists what is there, then what comes; its reader's end is its own", async (args, wanted) => {
    const { code, err, heights } = await follow(args, 5);
    expect({ code, err, heights }).toEqual({ code: 1, err: "", heights: [...wanted] });
  });

  test("goes on where too many wait already, without waiting there", async () => {
    using server = new FakeServer((_method, { from, waitMs }) => {
      if (Number(waitMs) > 0) return new RpcFailure(-32603, "too many waiting");
      return from === 9 ? { blocks: [apiBlock(9)], next: 10 } : new RpcFailure(-32603, "enough");
    });
    const { code, out, err } = await server.run(["blocks", "--follow", "--from", "9", "--json"]);
    expect([code, JSON.parse(out).height, err]).toEqual([1, 9, "error: enough\n"]);
    expect(server.asked.map(({ params }) => Number(params.waitMs) > 0)).toEqual([true, false, true, false]);
  });

  test("does not ask without a pause a server that does not wait", async () => {
    const clock = new StandingClock();
    const pausesBefore: number[] = [];
    using server = new FakeServer(() => {
      pausesBefore.push(clock.pauses.length);
      return pausesBefore.length < 3 ? { blocks: [], next: 9 } : new RpcFailure(-32601, "gone");
    });
    await server.run(["blocks", "--follow", "--from", "9"], { clock });
    expect(pausesBefore.slice(0, 3)).toEqual([0, 1, 2]);
    expect(clock.pauses.slice(0, 2)).toEqual([pauseMs, pauseMs]);
  });

  test.each([
    [["--order", "descending"], "ascending"],
    [["--from", "1", "--limit", "1"], "not both"],
  ])("%j is wrong use", async (args, reason) => {
    const { code, err } = await run(["blocks", "--follow", ...args]);
    expect([code, err]).toEqual([2, expect.stringContaining(reason)]);
  });
});

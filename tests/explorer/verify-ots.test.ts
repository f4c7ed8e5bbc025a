import { describe, expect, test } from "bun:test";
import { parseId } from "../../src/avalanche/id.ts";
import { fetchServedChain } from "../../src/client/confirmed-block.ts";
import type { Block } from "../../src/core/block.ts";
import { digestFromHex } from "../../src/core/digest.ts";
import { type Original, originalsAmong } from "../../src/explorer/browser/originals.ts";
import { anchoredOf, verdictOf } from "../../src/explorer/browser/ots-verdict.ts";
import { describeStanding, summaryOf } from "../../src/explorer/browser/ots-words.ts";
import {
  isOtsFile,
  type OtsSays,
  readOtsFile,
  type Standing,
  standingOf,
} from "../../src/explorer/browser/verify-ots.ts";
import { keyOf } from "../../src/proof/block-claims.ts";
import { callOf, RpcClient } from "../api/rpc.ts";
import { acceptAll, childOf, genesis, now, startVm } from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { reasonOf } from "../support/promise.ts";

const magic = "004f70656e54696d657374616d7073000050726f6f6600bf89e2e884e89294";
const digest = "a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447";
const start = `${magic}0108${digest}`;
const text =
  '{"parent_id":"2pNDPYBHQL8FoL5LZwFWaiCHbwWuTEhZ7aLjKm727g4ff9fDup","height":2,"timestamp":1700000000,' +
  `"data":"0x${digest}"}`;
const chainHex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const payload = `01b960${chainHex}b001${Buffer.from(text).toString("hex")}`;
const attestation = `007fcc294a79166871d501${payload}`;
const pending = "0083dfe30d2ef90c8e1d1c68747470733a2f2f63616c656e6461722e6578616d706c652e6f7267";
/** At height 300. */
const bitcoin = "000588960d73d7190102ac02";

function fileOf(hex: string, name = "hello.txt.ots"): File {
  return new File([Uint8Array.fromHex(hex)], name);
}

async function read(hex: string): Promise<OtsSays> {
  const reading = await readOtsFile(fileOf(hex));
  if ("problem" in reading) throw new Error(reading.problem);
  return reading;
}

describe("a file", () => {
  test.each([
    ["by its name", new File(["anything"], "a.txt.ots"), true],
    ["by its name, replaced by a later one", new File(["anything"], "A.TXT.OTS.bak"), true],
    ["by how it begins", fileOf(start, "proof"), true],
    ["not, with one byte less", fileOf(start.slice(0, 60), "proof"), false],
    ["not, when it is empty", new File([], "ots"), false],
  ])("is meant as an .ots file %s", async (_how, file, expected) => {
    expect(await isOtsFile(file)).toBe(expected);
  });
});

describe("an .ots file", () => {
  test("says which block carries its digest", async () => {
    const { blocks, ...others } = await read(`${start}0808${attestation}`);
    expect(
      blocks.map(({ network, chain, block: { id, height } }) => [network, String(chain), String(id), height]),
    ).toEqual([
      [
        12345n,
        "16qJFWMMHFy3xDdLmvUeyc2S6FrWRhJP51HsvDYdz9cWcm5W",
        "gK9AFd6kpnkp2fdwHxUZYUbsq27t35KGBxdZ2vviaBuwWLvpk",
        2n,
      ],
    ]);
    expect(others).toMatchObject({ problems: [], calendars: [], anchors: [] });
  });

  test("names calendars, and blocks of Bitcoin with the root as it is shown elsewhere", async () => {
    const { blocks, calendars, anchors } = await read(`${start}ff${bitcoin}${pending}`);
    expect(blocks).toEqual([]);
    expect(calendars).toEqual(["https://calendar.example.org"]);
    const root = "47a492a199d285fbc01e2acdc1d12e0d4b18304b6997818f9b470f2f4f9048a9";
    expect(anchors).toEqual([{ height: 300n, root }]);
  });

  test.each([
    ["a block that carries something else", `08${attestation}`, /carries something else/],
    ["a block below another hash", `02${attestation}`, /rests on sha1/],
  ])("does not count %s", async (_what, hex, problem) => {
    expect(await read(start + hex)).toMatchObject({ blocks: [], problems: [expect.stringMatching(problem)] });
  });

  test("may have a form of a newer program, which is no fault", async () => {
    expect(await read(`${start}08007fcc294a791668710102`)).toMatchObject({ blocks: [], problems: [], isNewer: true });
  });

  test("that is cut, or none, says at which byte", async () => {
    expect(await readOtsFile(fileOf(start))).toEqual({
      problem: expect.stringContaining("ends too early (at byte 65)"),
    });
    expect(await readOtsFile(new File(["{}"], "a.ots"))).toEqual({ problem: expect.stringMatching(/at byte [01]\)$/) });
  });

  test("that is too large is refused", async () => {
    const file = new File([new Uint8Array(1_048_577)], "a.ots");
    expect(await readOtsFile(file)).toEqual({ problem: expect.stringContaining("more than 1048576 bytes") });
  });
});

describe("a node", () => {
  const { vm } = startVm({ clock: new FakeClock(now) });
  const call = callOf(new RpcClient(vm));
  const first = childOf(genesis, Uint8Array.fromHex(digest));
  acceptAll(vm, [first]);
  const { signal } = new AbortController();
  const ask = async (block: Block, of: object = {}) =>
    standingOf(call, { ...(await fetchServedChain(call)), block, ...of }, signal);

  test("has a block of its chain, and says what it knows of its time", async () => {
    expect(await ask(first)).toMatchObject({ is: "on chain", known: { timestamp: first.timestamp } });
  });

  test("has another block at that height, or none yet", async () => {
    expect(await ask(childOf(genesis, "another"))).toEqual({ is: "not on chain", reached: true });
    expect(await ask(childOf(first, "next"))).toEqual({ is: "not on chain", reached: false });
  });

  test("of another chain or network says nothing of a block", async () => {
    const chain = parseId("16qJFWMMHFy3xDdLmvUeyc2S6FrWRhJP51HsvDYdz9cWcm5W");
    expect(await ask(first, { chain })).toMatchObject({ is: "of another chain" });
    expect(await ask(first, { network: 77n })).toMatchObject({ is: "of another chain" });
  });

  test("that is not at work, or gives no answer, anchors nothing; and one that is no longer asked rejects", async () => {
    const { vm: starting } = startVm();
    acceptAll(starting, [first]);
    starting.setState("bootstrapping");
    const stamped = { ...(await fetchServedChain(call)), block: first };
    const standing = await standingOf(callOf(new RpcClient(starting)), stamped, signal);
    expect(standing).toEqual({ is: "no answer", problem: expect.stringContaining("bootstrapping") });
    const fail = () => Promise.reject(new Error("broken"));
    expect(await standingOf(fail, stamped, signal)).toMatchObject({ is: "no answer" });
    expect(await reasonOf(standingOf(fail, stamped, AbortSignal.abort("gone")))).toBe("gone");
  });
});

describe("the original of a proof", () => {
  const hashed = (name: string, hex: string) => ({ file: new File([], name), digest: digestFromHex(hex) });
  const others = [hashed("a.txt", "aa".repeat(32)), hashed("hello.txt", "bb".repeat(32))];
  const renamed = hashed("renamed.txt", digest);
  const find = async (files: readonly ReturnType<typeof hashed>[], isAlone: boolean, name = "hello.txt.ots") => {
    const file = fileOf(`${start}${pending}`, name);
    return originalsAmong(files, isAlone)({ file, reading: await readOtsFile(file) });
  };

  test("is found by its digest, whatever its name is", async () => {
    expect(await find([...others, renamed], false)).toEqual({ ...renamed, isSame: true });
  });

  test("is another file if that has its name, or is alone with it", async () => {
    expect(await find(others, false)).toMatchObject({ file: { name: "hello.txt" }, isSame: false });
    expect(await find(others.slice(0, 1), true)).toMatchObject({ file: { name: "a.txt" }, isSame: false });
    expect(await find(others, false, "hello.txt.ots.bak")).toMatchObject({
      file: { name: "hello.txt" },
      isSame: false,
    });
  });

  test("is none otherwise", async () => {
    expect(await find(others.slice(0, 1), false)).toBeUndefined();
    expect(await find([], true)).toBeUndefined();
  });
});

describe("the verdict", () => {
  const same: Original = { file: new File([], "hello.txt"), digest: digestFromHex(digest), isSame: true };
  const known = { height: 2n, timestamp: 1_700_000_000n };
  const onChain: Standing = { is: "on chain", known, notice: undefined };
  const block = `0808${attestation}`;
  const judge = async (hex: string, original: Original | undefined, standing?: Standing) => {
    const file = fileOf(hex);
    const reading = await readOtsFile(file);
    const blocks = "problem" in reading ? [] : reading.blocks;
    const standings = new Map(standing && blocks.map((stamped) => [keyOf(stamped), standing]));
    return verdictOf({ file, reading, original, standings });
  };

  test.each([
    ["holds", block, same, onChain],
    ["no file", block, undefined, onChain],
    ["another file", block, { ...same, isSame: false }, onChain],
    ["not anchored", block, same, { is: "not on chain", reached: true }],
    ["no answer", block, same, { is: "no answer", problem: "" }],
    ["no answer", block, same, undefined],
    ["not complete", pending, same, undefined],
    ["not checked", `ff${bitcoin}${pending}`, same, undefined],
    ["holds", `ff${pending}${block}`, same, onChain],
    ["proves nothing", `08${attestation}`, same, onChain],
    ["not known", "0006869a0d73d71b4502ac02", same, undefined],
    ["not known", "08007fcc294a791668710102", same, undefined],
    ["not known", `ff${pending}08007fcc294a791668710102`, same, undefined],
  ] as const)("is %p", async (verdict, hex, original, standing) => {
    expect(await judge(start + hex, original, standing)).toBe(verdict);
  });

  test("of a file that was stamped by SHA-1 is that it proves nothing, and of no proof that it cannot be read", async () => {
    expect(await judge(`${magic}0102${"00".repeat(20)}${bitcoin}`, undefined)).toBe("proves nothing");
    expect(await judge(magic, undefined)).toBe("unreadable");
  });

  test("rests on the block that the node saw first itself, and else on the lowest", async () => {
    const {
      blocks: [stamped],
    } = await read(start + block);
    if (stamped === undefined) throw new Error("no block");
    const sight = (time: bigint, own: boolean) => ({ firstSight: { time, node: "a node", own } });
    const rank = (...knowledge: readonly object[]) => {
      const blocks = knowledge.map((_, i) => ({ ...stamped, block: childOf(genesis, `${i}`) }));
      const standings = new Map(
        blocks.map((stamped, i) => [keyOf(stamped), { ...onChain, known: { ...known, ...knowledge[i] } }] as const),
      );
      const says = {
        ots: { hash: "sha256", digest: new Uint8Array() },
        problems: [],
        isNewer: false,
        calendars: [],
        anchors: [],
      } as const;
      return anchoredOf({ ...says, blocks }, standings).map(({ stamped }) => blocks.indexOf(stamped));
    };
    expect(rank({}, sight(9n, true), sight(8n, true), sight(1n, false))).toEqual([2, 1, 0, 3]);
  });

  test("on many says how many hold", () => {
    expect(summaryOf(["holds", "holds"])).toBe("All 2 proofs hold");
    expect(summaryOf(["holds", "no file"])).toBe("1 of 2 proofs holds");
    expect(summaryOf(["unreadable", "no file"])).toBe("0 of 2 proofs hold");
  });
});

test("what this node says of a block has words", () => {
  const served = { network: 0n, chain: parseId("SkB92YpWm4Q2ijQHH34cqbKkCZWszsiQgHVjtNeFFJWoXcEV"), notice: undefined };
  const words = [
    [undefined, "asking this node…"],
    [{ is: "on chain" }, "on this chain"],
    [{ is: "not on chain", reached: true }, "another block at its height"],
    [{ is: "not on chain", reached: false }, "the chain of this node is shorter"],
    [{ is: "of another chain", served }, served.chain],
    [{ is: "no answer", problem: "it is down" }, "it is down"],
  ] as const;
  for (const [standing, part] of words) expect(describeStanding(standing as Standing | undefined)).toContain(part);
});

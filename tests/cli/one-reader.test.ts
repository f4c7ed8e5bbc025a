import { expect, test } from "bun:test";
import { sha256, TestChain } from "./node-support.ts";

// What a person pastes is read alike by a command, the API and the page.

const digest = sha256("pasted");
const base64 = Buffer.from(digest, "hex").toString("base64");

test("a digest", async () => {
  using chain = await TestChain.start();
  await chain.accept(["pasted"]);
  const forms = [
    digest,
    digest.toUpperCase(),
    `0x${digest}`,
    `sha256:${digest}`,
    `${digest}  file.txt`,
    `SHA256 (file.txt) = ${digest}`,
    base64,
    `sha256-${base64}`,
  ];
  for (const text of forms) {
    expect([text, await askForDigest(chain, text)]).toEqual([text, { command: 0, api: 1, page: 200, search: 200 }]);
  }
  for (const text of [`${digest}0`, digest.slice(2), `sha512:${digest}`, base64.slice(1), ""]) {
    expect([text, await askForDigest(chain, text)]).toMatchObject([text, { command: 2, api: -32602, page: 400 }]);
  }
});

test("a time", async () => {
  using chain = await TestChain.start();
  const [block] = await chain.accept(["first"]);
  const at = block?.timestamp ?? 0;
  const iso = new Date(1_000 * at).toISOString();
  for (const text of [
    iso,
    iso.replace("Z", "+0000"),
    iso.replace("T", " ").replace("Z", " +0000"),
    `${at}.5`,
    `@${at}`,
  ]) {
    const answers = await askForTime(chain, text);
    expect([text, answers]).toEqual([text, { command: block?.id, api: block?.id, page: 200 }]);
  }
  expect((await chain.call("getBlockAt", { timestamp: at })).block.id).toBe(block?.id);
  for (const text of [`@${at}000`, `@${at}000000`, `@${at}000000000`, iso.replace(/-\d\dT/, "-32T")]) {
    const answers = await askForTime(chain, text);
    expect([text, answers]).toEqual([text, { command: "", api: -32602, page: 400 }]);
  }
  expect(chain.call("getBlockAt", { timestamp: 1_000 * at })).rejects.toThrow("in milliseconds: give seconds, ");
});

async function askForTime(chain: TestChain, text: string) {
  const { out } = await chain.run(["block", "--json", "--at", text]);
  const { result, error } = await ask(chain, "getBlockAt", { timestamp: text });
  return {
    command: out === "" ? "" : JSON.parse(out).id,
    api: error?.code ?? result?.block?.id,
    page: await askPage(chain, "q", text),
  };
}

/** The exit code of a command, how many blocks the API gives or why none, and how the page answers. */
async function askForDigest(chain: TestChain, text: string) {
  const { code: command } = await chain.run(["find", "--digest", text]);
  const { result, error } = await ask(chain, "find", { digest: text });
  const page = await askPage(chain, "digest", text);
  return { command, api: error?.code ?? result?.blocks?.length, page, search: await askPage(chain, "q", text) };
}

interface Answer {
  readonly result?: { readonly blocks?: readonly unknown[]; readonly block?: { readonly id: string } };
  readonly error?: { readonly code: number };
}

async function ask(chain: TestChain, method: string, params: object): Promise<Answer> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const answer = await fetch(chain.rpc, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  return (await answer.json()) as Answer;
}

async function askPage(chain: TestChain, member: string, text: string): Promise<number> {
  return (await fetch(chain.rpc.replace(/rpc$/, `explorer?${new URLSearchParams({ [member]: text })}`))).status;
}

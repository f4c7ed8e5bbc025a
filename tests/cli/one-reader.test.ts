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
    expect([text, await answers(chain, text)]).toEqual([text, { command: 0, api: 1, page: 200, search: 200 }]);
  }
  for (const text of [`${digest}0`, digest.slice(2), `sha512:${digest}`, base64.slice(1), ""]) {
    expect([text, await answers(chain, text)]).toMatchObject([text, { command: 2, api: -32602, page: 400 }]);
  }
});

/** The exit code of a command, how many blocks the API gives or why none, and how the page answers. */
async function answers(chain: TestChain, text: string) {
  const { code: command } = await chain.run(["find", "--digest", text]);
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "find", params: { digest: text } });
  const answer = await fetch(chain.rpc, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const { result, error } = (await answer.json()) as {
    result?: { blocks: unknown[] };
    error?: { code: number };
  };
  const ask = async (member: string) => {
    const page = chain.rpc.replace(/rpc$/, `explorer?${new URLSearchParams({ [member]: text })}`);
    return (await fetch(page)).status;
  };
  return { command, api: error?.code ?? result?.blocks.length, page: await ask("digest"), search: await ask("q") };
}

import { expect, test } from "bun:test";
import type { CallApi } from "../../src/client/client.ts";
import { fetchCarriers, fetchServedChain, NotServing } from "../../src/client/confirmed-block.ts";
import { checkProof } from "../../src/proof/block-proof.ts";
import { reasonOf } from "../support/promise.ts";

const chainId = "SkB92YpWm4Q2ijQHH34cqbKkCZWszsiQgHVjtNeFFJWoXcEV";

function nodeWith(status: object): CallApi {
  return (async (method: string) => {
    if (method === "getStatus") return { state: "normal operation", chainId, ...status };
    throw new Error(`an unexpected call of ${method}`);
  }) as CallApi;
}

test("the chain of a node has its network, and that of a development chain has none", async () => {
  expect(await fetchServedChain(nodeWith({ networkId: 5n }))).toMatchObject({ network: 5n, chain: chainId });
  expect(await fetchServedChain(nodeWith({ notice: "development chain" }))).toMatchObject({ network: 0n });
});

test.each([
  ["at work", { state: "bootstrapping" }, "the node is bootstrapping, and not at work yet"],
  ["one that names its chain", { chainId: "timestamp" }, "the name of the node's chain is no id"],
])("a node that is not %s serves no chain", async (_what, status, problem) => {
  const error = await reasonOf(fetchServedChain(nodeWith(status)));
  expect(error).toBeInstanceOf(NotServing);
  expect(error).toHaveProperty("message", problem);
});

test("blocks whose bytes are lost prove nothing, and are not asked for", async () => {
  const stamps = [{ id: chainId, reencoded: true as const }];
  const error = await reasonOf(fetchCarriers(nodeWith({}), stamps, checkProof));
  expect(error).toHaveProperty("message", "the node has no exact bytes of the block, so that there is no proof");
});

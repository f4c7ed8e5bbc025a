import { FakeNode } from "timestampvm/rpcchainvm/testing";

// The life of the counter beside this file, run by the program that the command line names. Prints its last height.

const [runtime = process.execPath] = process.argv.slice(2);
await using node = new FakeNode({
  command: [runtime, `${import.meta.dir}/counter.ts`],
  name: "counter",
  genesisBytes: new TextEncoder().encode("a chain that counts"),
});
const { height } = await node.leadLife(async (plugin) => {
  await plugin.ask({ method: "POST", url: "/ext/bc/counter/count" });
});
process.stdout.write(`${height}\n`);

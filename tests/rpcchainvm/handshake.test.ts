import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { Code, ConnectError } from "@connectrpc/connect";
import { HealthCheckResponse_ServingStatus } from "../../gen/grpc/health/v1/health_pb.ts";
import packageJson from "../../package.json" with { type: "json" };
import { FakeNode } from "../support/fake-node.ts";

setDefaultTimeout(60_000);

test.concurrent("tells the node protocol 45 and a loopback address, and serves there", async () => {
  await using node = await FakeNode.start();
  const plugin = await node.startPlugin();
  expect(plugin.handshake.protocolVersion).toBe(45);
  expect(plugin.handshake.addr).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
  expect(await plugin.vm.version({})).toMatchObject({ version: packageJson.version });
  expect(await plugin.health.check({})).toMatchObject({ status: HealthCheckResponse_ServingStatus.SERVING });
});

test.concurrent("a node that refuses the handshake: exit 1, and its reason in one log line", async () => {
  await using node = await FakeNode.start();
  const refusal =
    "RPCChainVM protocol version mismatch between AvalancheGo and Virtual Machine plugin. AvalancheGo version " +
    "avalanchego/1.13.5 implements RPCChainVM protocol version 43. The VM implements RPCChainVM protocol version 45. " +
    "Please make sure that there is an exact match of the protocol versions.";
  const { code, log } = await node.refusePlugin(refusal);
  expect(code).toBe(1);
  expect(log.lines).toHaveLength(1);
  expect(log.lines[0]).toMatchObject({ level: "error", error: expect.stringContaining(refusal) });
});

test.concurrent("a node that is not there: exit 1, and its address in the log", async () => {
  await using node = await FakeNode.start();
  const child = node.spawn("127.0.0.1:1");
  expect(await child.exited).toBe(1);
  expect(await child.stderr.text()).toContain("127.0.0.1:1");
  expect(await child.stdout.text()).toBe("");
});

test.concurrent("the probe: Version, Shutdown, SIGTERM, exit 0, and no file", async () => {
  await using node = await FakeNode.start();
  const plugin = await node.startPlugin();
  await plugin.vm.version({});
  expect(await plugin.shutDown()).toBe(0);
  expect(await plugin.output).toBe("");
  expect(readdirSync(node.workingDir)).toEqual([]);
  expect(node.database.calls).toEqual([]);
});

test.concurrent("SIGTERM alone ends a process that was never initialized", async () => {
  await using node = await FakeNode.start();
  const plugin = await node.startPlugin();
  plugin.process.kill("SIGTERM");
  expect(await plugin.exit).toBe(0);
});

test.concurrent("two Shutdowns are as good as one, and Initialize is refused after them", async () => {
  await using node = await FakeNode.start();
  const plugin = await node.startPlugin();
  await plugin.vm.shutdown({});
  await plugin.vm.shutdown({});
  const refused = await plugin.initialize().catch(ConnectError.from);
  expect(refused).toMatchObject({ code: Code.Unavailable, rawMessage: "the VM is shut down" });
});

import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { HealthCheckResponse_ServingStatus } from "../../gen/grpc/health/v1/health_pb.ts";
import { Runtime } from "../../gen/vm/runtime/runtime_pb.ts";
import packageJson from "../../package.json" with { type: "json" };
import { within } from "../fake-node/deadline.ts";
import { runtimeEnvironment } from "../fake-node/environment.ts";
import { GrpcPeer } from "../fake-node/grpc-peer.ts";
import { spawnPlugin } from "../fake-node/launch.ts";
import { newestProtocol } from "../fake-node/protocols.ts";
import { FakeNode } from "../support/fake-node.ts";
import { pluginCommand } from "../support/plugin-command.ts";
import { protocolWithin, testProtocol } from "../support/test-protocol.ts";

test.concurrent("names the node its own protocol and a loopback address, and serves there", async () => {
  await using node = await FakeNode.start();
  const plugin = await node.startPlugin();
  expect(plugin.handshake.protocolVersion).toBe(testProtocol);
  expect(plugin.handshake.addr).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
  expect(await plugin.vm.version({})).toMatchObject({ version: packageJson.version });
  expect(await plugin.health.check({})).toMatchObject({ status: HealthCheckResponse_ServingStatus.SERVING });
  expect(await plugin.log.wait("protocol chosen")).toMatchObject({ level: "info", protocol: testProtocol });
});

test.concurrent.each([23, 28, 36, newestProtocol])(
  "a node of protocol %d that refuses the handshake: exit 1, and its number in the log",
  async (protocol) => {
    await using node = await FakeNode.start({ protocol });
    const { code, log } = await node.refusePlugin(22);
    expect(code).toBe(1);
    expect(log.lines.map(({ level, event }) => [level, event])).toEqual([
      ["info", "protocol chosen"],
      ["error", "cannot serve"],
    ]);
    expect(log.lines[1]?.error).toStartWith(`AvalancheGo speaks RPCChainVM protocol ${protocol}, not 22: `);
  },
);

test.concurrent("a node that is not there: exit 1, and its address in the log", async () => {
  await using node = await FakeNode.start();
  const child = spawnPlugin(
    pluginCommand,
    node.workingDir,
    runtimeEnvironment("timestampvm", protocolWithin(23), "127.0.0.1:1"),
  );
  expect(await child.exited).toBe(1);
  expect(await child.stderr.text()).toContain("127.0.0.1:1");
  expect(await child.stdout.text()).toBe("");
});

test.concurrent("the probe: Version, Shutdown, the end that the node sets it, exit 0, and no file", async () => {
  await using node = await FakeNode.start();
  const plugin = await node.startPlugin();
  await plugin.vm.version({});
  expect(await plugin.shutDown()).toBe(0);
  expect(await plugin.output).toBe("");
  expect(readdirSync(node.workingDir, { recursive: true })).toEqual([]);
  expect(node.database.calls).toEqual([]);
});

test.concurrent("a process that was never initialized exits without Shutdown", async () => {
  await using node = await FakeNode.start();
  const plugin = await node.startPlugin();
  expect(await plugin.stop()).toBe(0);
});

test.concurrent("SIGTERM alone ends a process that was never initialized", async () => {
  await using node = await FakeNode.start();
  const plugin = await node.startPlugin();
  plugin.process.kill("SIGTERM");
  expect(await plugin.exit).toBe(0);
});

test.concurrent("a stop signal that overtakes the node's answer is obeyed when that has come", async () => {
  await using node = await FakeNode.start();
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<object>();
  await using peer = await GrpcPeer.listen((router) => {
    router.service(Runtime, {
      initialize: () => {
        asked.resolve();
        return answer.promise;
      },
    });
  });
  const environment = {
    ...runtimeEnvironment("timestampvm", protocolWithin(24), peer.address),
    TMPDIR: node.workingDir,
  };
  const child = spawnPlugin(pluginCommand, node.workingDir, environment);
  await within("the handshake", asked.promise);
  child.kill("SIGTERM");
  answer.resolve({});
  expect(await within("the plugin's end", child.exited)).toBe(0);
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, linkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Code, ConnectError } from "@connectrpc/connect";
import { Runtime } from "../../gen/vm/runtime/runtime_pb.ts";
import { GrpcPeer } from "../fake-node/grpc-peer.ts";
import { LogLines } from "../fake-node/log-lines.ts";
import { pluginCommand } from "../support/plugin-command.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const directory = temporaryDirectory();
const program = directory.file("parent");

beforeAll(() => {
  const source = fileURLToPath(new URL("../support/parent-program.ts", import.meta.url));
  const built = Bun.spawnSync([process.execPath, "build", "--compile", source, "--outfile", program]);
  expect(built.exitCode, built.stderr.toString()).toBe(0);
});
afterAll(() => directory[Symbol.dispose]());

let parents = 0;

/** A program of its own that prints this version, as if it were the node. */
function parentThatPrints(version: string): string {
  const path = directory.file(`parent-${parents++}`);
  try {
    linkSync(program, path);
  } catch {
    copyFileSync(program, path);
  }
  writeFileSync(`${path}.version`, version);
  return path;
}

/** A node that takes one protocol only. `refuse` gives its words about another one. */
async function serveRuntime(takes: number, refuse: (named: number) => string) {
  const named: number[] = [];
  const taken = Promise.withResolvers<void>();
  const peer = await GrpcPeer.listen((router) => {
    router.service(Runtime, {
      initialize: ({ protocolVersion }) => {
        named.push(protocolVersion);
        if (protocolVersion !== takes) throw new ConnectError(refuse(protocolVersion), Code.Unknown);
        taken.resolve();
        return {};
      },
    });
  });
  return { peer, named, taken: taken.promise };
}

interface Run {
  readonly version: string;
  readonly takes: number;
  readonly refuse?: (named: number) => string;
}

/** Lets the parent start the plugin until the node has taken its protocol. */
async function shake({ version, takes, refuse = () => "refused" }: Run) {
  const { peer, named, taken } = await serveRuntime(takes, refuse);
  await using _ = peer;
  const parent = Bun.spawn([parentThatPrints(version), ...pluginCommand], {
    cwd: directory.path,
    env: { AVALANCHE_VM_RUNTIME_ENGINE_ADDR: peer.address, TMPDIR: directory.path },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log = new LogLines(parent.stderr);
  try {
    await Promise.race([taken, parent.exited]);
  } finally {
    parent.kill("SIGKILL"); // the plugin follows: it does not outlive the node
    await log.ended;
  }
  return { named, log };
}

const choices = ({ lines }: LogLines) => lines.filter(({ event }) => event === "protocol chosen");

describe("without a word of the node's protocol in the environment, a plugin", () => {
  test.concurrent.each([24, 28, 35, 45, 46])("asks the program that started it: %i", async (protocol) => {
    const version = `avalanchego/1.14.2 [database=v1.4.5, rpcchainvm=${protocol}, go=1.24.9]\n`;
    const { named, log } = await shake({ version, takes: protocol });
    expect(named).toEqual([protocol]);
    expect(choices(log)).toMatchObject([{ protocol, reason: "the node's --version says so" }]);
  });

  test.concurrent("tries the default when that says nothing of use", async () => {
    const { named, log } = await shake({ version: "1.2.3\n", takes: 45 });
    expect(named).toEqual([45]);
    expect(choices(log)).toMatchObject([{ protocol: 45 }]);
  });

  test.concurrent("tries the default when that takes too long, still in time for the node", async () => {
    const { named } = await shake({ version: "hang", takes: 45 });
    expect(named).toEqual([45]);
  });

  test.concurrent("exits with an error that names the way out when that is too new", async () => {
    const version = "avalanchego/1.16.0 [database=v1.4.5, rpcchainvm=47, go=1.26.0]\n";
    const { named, log } = await shake({ version, takes: 47 });
    expect(named).toEqual([]);
    expect(log.lines.map(({ level }) => level)).toEqual(["error", "error"]); // it was started twice
    expect(log.text[0]).toContain("GRPC_TIMESTAMPVM_PROTOCOL=47");
  });
});

describe("a plugin that the node refused speaks the right protocol when it is started again", () => {
  // What the releases say: v1.9.9 to v1.10.9, and from v1.10.10 on (avalanchego, vms/rpcchainvm/runtime).
  test.concurrent.each([
    [26, (named: number) => `protocol version mismatch avalanchego: 26, vm: ${named}`],
    [
      46,
      (named: number) =>
        "RPCChainVM protocol version mismatch between AvalancheGo and Virtual Machine plugin. AvalancheGo version " +
        "avalanchego/1.15.0 implements RPCChainVM protocol version 46. The VM located at /plugins/tGas implements " +
        `RPCChainVM protocol version ${named}. Please make sure that there is an exact match of the protocol versions.`,
    ],
  ])("%i", async (takes, refuse) => {
    const { named, log } = await shake({ version: "", takes, refuse });
    expect(named).toEqual([45, takes]);
    expect(choices(log)).toMatchObject([{ protocol: 45 }, { protocol: takes, reason: "the node refused 45" }]);
    const errors = log.lines.filter(({ level }) => level === "error");
    expect(errors).toHaveLength(1);
    expect(errors[0]?.error).toContain(`AvalancheGo speaks RPCChainVM protocol ${takes}, not 45`);
  });

  test.concurrent("unless the node's words are unknown", async () => {
    const { named } = await shake({ version: "", takes: 46, refuse: () => "no, 46 it must be" });
    expect(named).toEqual([45, 45]);
  });
});

import { afterAll, describe, expect, test } from "bun:test";
import { chooseProtocol, type Environment } from "../../src/rpcchainvm/start/choose-protocol.ts";
import { type Known, KnownProtocol } from "../../src/rpcchainvm/start/known-protocol.ts";
import { errorOf } from "../support/status.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const directory = temporaryDirectory();
afterAll(() => directory[Symbol.dispose]());

interface Sources {
  readonly environment?: Environment;
  /** What the node's --version prints. */
  readonly printed?: string;
  readonly remembered?: Known;
}

let nodes = 0;

async function choose({ environment = {}, printed = "", remembered }: Sources) {
  const node = {
    pid: 1,
    askVersion: () => Promise.resolve(printed),
    identify: () => Promise.resolve(undefined),
    args: () => [],
  };
  const known = new KnownProtocol("timestampvm", process.pid, `node ${nodes++}`, directory.path);
  if (remembered !== undefined) known.remember(remembered);
  const { protocol, reason } = await chooseProtocol({ name: "timestampvm", environment, node, known });
  return { version: protocol.version, reason };
}

const printed = (version: number) => `avalanchego/1.14.2 [database=v1.4.5, rpcchainvm=${version}, go=1.24.9]\n`;

describe("the protocol is", () => {
  // As the releases print it (avalanchego, version/string.go at these tags).
  test.each([
    ["avalanche/1.9.16 [database=v1.4.5, rpcchainvm=24]\n", 24],
    ["avalanche/1.10.1 [database=v1.4.5, rpcchainvm=26]\n", 26],
    ["avalanche/1.11.0 [database=v1.4.5, rpcchainvm=33, commit=abc]\n", 33],
    ["avalanchego/1.13.5 [database=v1.4.5, rpcchainvm=43, go=1.23.9]\n", 43],
    [printed(45), 45],
  ])("what the node's --version says: %j", async (text, version) => {
    expect(await choose({ printed: text })).toEqual({ version, reason: "the node's --version says so" });
  });

  test.each([16, 17, 18, 19, 20, 21, 22])("%i, which go-plugin names", async (version) => {
    const environment = { VM_PLUGIN: "dynamic", PLUGIN_PROTOCOL_VERSIONS: String(version) };
    const reason = "PLUGIN_PROTOCOL_VERSIONS says so";
    expect(await choose({ environment, printed: printed(45) })).toEqual({ version, reason });
  });

  test("the greatest that go-plugin offers", async () => {
    expect((await choose({ environment: { PLUGIN_PROTOCOL_VERSIONS: "16,22,9" } })).version).toBe(22);
  });

  test("what the operator says, before the node's --version", async () => {
    const environment = { GRPC_TIMESTAMPVM_PROTOCOL: "28" };
    const reason = "GRPC_TIMESTAMPVM_PROTOCOL says so";
    expect(await choose({ environment, printed: printed(45) })).toEqual({ version: 28, reason });
  });

  test("what the node took before, without asking again", async () => {
    const remembered = { version: 44, refused: undefined };
    expect(await choose({ printed: printed(45), remembered })).toEqual({
      version: 44,
      reason: "the node took it before",
    });
  });

  test("what the node said when it refused what the operator says", async () => {
    const environment = { GRPC_TIMESTAMPVM_PROTOCOL: "28" };
    const remembered = { version: 44, refused: 28 };
    const sources = { environment, printed: printed(45), remembered };
    expect(await choose(sources)).toEqual({ version: 44, reason: "the node refused 28" });
  });

  test("what the operator says, where the node refused something else or took it", async () => {
    const environment = { GRPC_TIMESTAMPVM_PROTOCOL: "28" };
    for (const refused of [27, undefined]) {
      expect((await choose({ environment, remembered: { version: 44, refused } })).version).toBe(28);
    }
  });

  test.each(["", "GNU Make 4.3\n", "rpcchainvm=\n", "rpcchainvm=9999999999999\n", "myrpcchainvm=44x"])(
    "the one of the release that tools deploy when nobody says: %j",
    async (text) => {
      const reason = "the default, since the node does not say its own";
      expect(await choose({ printed: text })).toEqual({ version: 45, reason });
    },
  );

  test("decided by the rest when the operator's variable is empty", async () => {
    expect((await choose({ environment: { GRPC_TIMESTAMPVM_PROTOCOL: "" }, printed: printed(44) })).version).toBe(44);
  });
});

describe("refused is", () => {
  async function refusal(sources: Sources): Promise<string> {
    return ((await errorOf(choose(sources))) as Error).message;
  }

  test("a newer one, and the error says how to try it", async () => {
    for (const sources of [{ printed: printed(47) }, { remembered: { version: 47, refused: 45 } }]) {
      const message = await refusal(sources);
      expect(message).toContain("AvalancheGo speaks RPCChainVM protocol 47");
      expect(message).toContain("newer than 46");
      expect(message).toContain("GRPC_TIMESTAMPVM_PROTOCOL=47");
    }
  });

  test("not a newer one that the operator names, whoever else names it", async () => {
    const environment = { GRPC_TIMESTAMPVM_PROTOCOL: "47" };
    for (const sources of [{}, { printed: printed(47) }, { remembered: { version: 47, refused: 45 } }]) {
      expect((await choose({ environment, ...sources })).version).toBe(47);
    }
  });

  test("an older one", async () => {
    const older = { environment: { PLUGIN_PROTOCOL_VERSIONS: "15" } };
    expect(await refusal(older)).toContain("protocol 15 (PLUGIN_PROTOCOL_VERSIONS says so), older than 16");
  });

  test.each(["x", "-1", "4.5", "45 ", "0x2d", "9999999999"])("%j as the operator's word", async (text) => {
    const message = await refusal({ environment: { GRPC_TIMESTAMPVM_PROTOCOL: text }, printed: printed(45) });
    expect(message).toContain("GRPC_TIMESTAMPVM_PROTOCOL must be a number");
    expect(message).toContain(JSON.stringify(text));
  });
});

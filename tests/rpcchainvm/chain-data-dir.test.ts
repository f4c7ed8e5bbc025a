import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultChainDataDir } from "../../src/rpcchainvm/start/chain-data-dir.ts";
import { temporaryDirectory } from "../support/temporary.ts";

// The empty id of AvalancheGo, ids.Empty.
const chainId = new Uint8Array(32);
const name = "11111111111111111111111111111111LpoYY";
const environment = { HOME: "/home/me", DATA: "/data" };

function dirOf(args: readonly string[], more: Record<string, string> = {}): string {
  return defaultChainDataDir(chainId, { args: () => args, environment: { ...environment, ...more } });
}

describe("a node that names no directory keeps its data", () => {
  test("below the home directory", () => {
    expect(dirOf([])).toBe(`/home/me/.avalanchego/chainData/${name}`);
  });

  test.each([
    [["--data-dir", "/d"], "/d"],
    [["--data-dir=/d"], "/d"],
    [["--http-port=1", "--data-dir=/c", "--data-dir=/d", "--x"], "/d"],
    [["--data-dir=$DATA/a"], "/data/a"],
    [["--data-dir", "$" + "{DATA}-1"], "/data-1"],
    [["--data-dir=$NOTHING/d"], "/d"],
    [["--data-dir"], "/home/me/.avalanchego"],
    [["--data-dir="], "/home/me/.avalanchego"],
    [["--data-directory=/d"], "/home/me/.avalanchego"],
  ])("where its command line says: %j", (args, dir) => {
    expect(dirOf(args)).toBe(`${dir}/chainData/${name}`);
  });

  test("where its environment says", () => {
    const inEnvironment = { AVAGO_DATA_DIR: "$HOME/env" };
    expect(dirOf([], inEnvironment)).toBe(`/home/me/env/chainData/${name}`);
    expect(dirOf(["--data-dir=/d"], inEnvironment)).toBe(`/d/chainData/${name}`);
  });

  test("where its config file says, after both", () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "node.json");
    writeFileSync(file, '{"data-dir":"/configured","http-port":9650}');
    expect(dirOf([`--config-file=${file}`])).toBe(`/configured/chainData/${name}`);
    expect(dirOf([], { AVAGO_CONFIG_FILE: file })).toBe(`/configured/chainData/${name}`);
    expect(dirOf([`--config-file=${file}`], { AVAGO_DATA_DIR: "/env" })).toBe(`/env/chainData/${name}`);
  });

  test.each(["", "data-dir: /yaml", '{"data-dir":1}', "null", '["data-dir"]'])(
    "at home when the config file is %j",
    (text) => {
      using directory = temporaryDirectory();
      const file = join(directory.path, "node.json");
      writeFileSync(file, text);
      expect(dirOf([`--config-file=${file}`])).toBe(`/home/me/.avalanchego/chainData/${name}`);
      expect(dirOf([`--config-file=${file} gone`])).toBe(`/home/me/.avalanchego/chainData/${name}`);
    },
  );
});

test("without a home directory, the operator is asked", () => {
  for (const without of [{}, { HOME: "" }]) {
    expect(() => defaultChainDataDir(chainId, { args: () => [], environment: without })).toThrow("chainDataDir");
  }
});

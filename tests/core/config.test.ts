import { describe, expect, test } from "bun:test";
import { defaultConfig, parseConfig } from "../../src/core/config.ts";
import { bytesOf } from "../support/chain.ts";
import { refusalOf } from "../support/refusal.ts";

function problemOf(text: string): string | undefined {
  const refusal = refusalOf(() => parseConfig(bytesOf(text)));
  if (refusal === undefined) return undefined;
  expect(refusal.code).toBe("malformed config");
  return refusal.code === "malformed config" ? refusal.problem : undefined;
}

describe("the config", () => {
  test.each(["", " \n\t", "{}", " { } "])("of %j is the default", (text) => {
    expect(parseConfig(bytesOf(text))).toEqual(defaultConfig);
  });

  test.each([
    { logLevel: "debug" },
    { logLevel: "error" },
    { durability: "normal" },
    { durability: "full" },
    { maxMempoolItems: 1 },
    { maxMempoolItems: 1_000_000 },
    { maxMempoolBytes: 1_000_000 },
    { maxMempoolBytes: 4 * 1024 ** 3 },
    { proposalExpirySeconds: 0 },
    { proposalExpirySeconds: 315_360_000 },
    { minBlockIntervalMs: 3_600_000 },
    { heartbeatSeconds: 0 },
    { heartbeatSeconds: 10 },
    { heartbeatSeconds: 86_400 },
    { maxFutureSeconds: 120 },
    { maxFutureSeconds: 3_600 },
    { chainDataDir: "" },
    { chainDataDir: "/data/a b" },
    { maxHttpRequests: 64, maxHttpBytes: 16_777_216 },
    { maxHttpRequests: 1_000_000, maxHttpBytes: 4 * 1024 ** 3 },
    { clientAddressHeader: "X-Forwarded-For" },
    { logLevel: "warn", durability: "auto", maxMempoolItems: 5, maxMempoolBytes: 2_000_000 },
  ])("takes %j and keeps the rest", (given) => {
    expect(parseConfig(bytesOf(JSON.stringify(given)))).toEqual({ ...defaultConfig, ...given } as typeof defaultConfig);
  });

  test("holds one largest proposal at least", () => {
    expect(problemOf('{"maxMempoolBytes": 999999}')).toContain("maxMempoolBytes");
  });
});

describe("a wrong value is refused with its key", () => {
  test.each([
    ["logLevel", '"INFO"'],
    ["logLevel", '"trace"'],
    ["logLevel", "1"],
    ["logLevel", "null"],
    ["durability", '"off"'],
    ["durability", "true"],
    ["durability", '["full"]'],
    ["maxMempoolItems", "0"],
    ["maxMempoolItems", "-1"],
    ["maxMempoolItems", "1.5"],
    ["maxMempoolItems", "1000001"],
    ["maxMempoolItems", '"10"'],
    ["maxMempoolItems", "[10]"],
    ["maxMempoolItems", "1e400"],
    ["maxMempoolBytes", "4294967297"],
    ["maxMempoolBytes", "{}"],
    ["maxMempoolBytes", "null"],
    ["proposalExpirySeconds", "-1"],
    ["proposalExpirySeconds", "315360001"],
    ["minBlockIntervalMs", "0.5"],
    ["minBlockIntervalMs", "3600001"],
    ["heartbeatSeconds", "1"],
    ["heartbeatSeconds", "9"],
    ["heartbeatSeconds", "86401"],
    ["heartbeatSeconds", "-10"],
    ["heartbeatSeconds", "10.5"],
    ["heartbeatSeconds", "false"],
    ["maxFutureSeconds", "0"],
    ["maxFutureSeconds", "119"],
    ["maxFutureSeconds", "3601"],
    ["chainDataDir", '"data"'],
    ["chainDataDir", '"~/data"'],
    ["chainDataDir", "1"],
    ["maxHttpRequests", "63"],
    ["maxHttpBytes", "16777215"],
    ["clientAddressHeader", '"X Forwarded"'],
    ["clientAddressHeader", "null"],
  ])("%s: %s", (key, value) => {
    const problem = problemOf(`{"${key}": ${value}}`);
    expect(problem).toStartWith(`${key} must be `);
    expect(problem).toContain(", not ");
  });
});

describe("an unknown key is refused by name", () => {
  test.each(["loglevel", "log-level", "__proto__", "constructor", "toString", "", "port"])("%j", (key) => {
    expect(problemOf(`{"logLevel":"info",${JSON.stringify(key)}:1}`)).toBe(
      `unknown key ${JSON.stringify(key)}; known are ${Object.keys(defaultConfig).join(", ")}`,
    );
  });
});

describe("anything but an object is refused", () => {
  test.each(["[]", "null", "1", '"info"', "true"])("%s", (text) => {
    expect(problemOf(text)).toBe("not a JSON object");
  });

  test.each(["{", "logLevel=debug", '{"logLevel":"debug",}', "{'logLevel':'debug'}", "\0"])("not JSON: %j", (text) => {
    expect(problemOf(text)).toStartWith("not JSON: ");
  });
});

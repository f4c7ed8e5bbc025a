import { describe, expect, test } from "bun:test";
import { formatAddress, readAddress, readPartialAddress } from "../../src/core/address.ts";

describe("an address", () => {
  test.each([
    ["127.0.0.1:9651", "127.0.0.1", 9651],
    ["node.example:80", "node.example", 80],
    ["9651", "127.0.0.1", 9651],
    [":9651", "127.0.0.1", 9651],
    ["0", "127.0.0.1", 0],
    ["127.0.0.1", "127.0.0.1", 9650],
    ["0.0.0.0", "0.0.0.0", 9650],
    ["localhost", "localhost", 9650],
    ["[::1]:9651", "::1", 9651],
    ["[::1]", "::1", 9650],
    ["::1", "::1", 9650],
    ["::", "::", 9650],
    ["fe80::1", "fe80::1", 9650],
    ["::1:39651", "::1", 39651], // a group of an IPv6 address has at most four digits
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", 9650],
    ["1:2:3:4:5:6:7:8:9651", "1:2:3:4:5:6:7:8", 9651],
    ["[::1:9651]", "::1:9651", 9650],
  ])("%s is %s at port %d", (text, host, port) => {
    expect(readAddress(text)).toEqual({ address: { host, port } });
  });

  test.each([
    ["", "not HOST:PORT"],
    ["here", "not HOST:PORT: here has no port"],
    ["a b:1", "not HOST:PORT"],
    ["h:", "not HOST:PORT"],
    ["h:x", "not HOST:PORT"],
    ["65536", "at most 65535"],
    ["h:65536", "at most 65535"],
    ["127.1", "127.1 is no IPv4 address of four numbers"],
    ["0x7f.1:80", "is no IPv4 address of four numbers"],
    ["127.0.0.256", "not HOST:PORT"],
    ["127.0.0.01", "is no IPv4 address of four numbers"],
    ["[::1", "not HOST:PORT"],
    ["[127.0.0.1]:80", "not HOST:PORT"],
    ["1:2:3", "not HOST:PORT"],
    ["bob@h:1", "not HOST:PORT"],
    ["::1:9651", "it can be read in two ways: write [::1]:9651 or [::1:9651]"],
  ])("%j is refused: %s", (text, problem) => {
    expect(readAddress(text)).toEqual({ problem: expect.stringContaining(problem) });
  });

  test("without a port is at the port that is usual there", () => {
    expect(readAddress("127.0.0.1", 14788)).toEqual({ address: { host: "127.0.0.1", port: 14788 } });
    expect(readAddress("127.0.0.1:80", 14788)).toEqual({ address: { host: "127.0.0.1", port: 80 } });
  });

  test("without a port is left so where it may be", () => {
    expect(readPartialAddress("here")).toEqual({ address: { host: "here", port: undefined } });
  });

  test.each([
    ["127.0.0.1", 80, "127.0.0.1:80"],
    ["::1", 80, "[::1]:80"],
    ["::1", undefined, "[::1]"],
  ])("%s at port %p is %s in a URL", (host, port, text) => {
    expect(formatAddress(host, port)).toBe(text);
  });
});

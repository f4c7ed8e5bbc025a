import { expect, test } from "bun:test";
import { CallerNames } from "../../src/rpcchainvm/services/http-caller.ts";

const connection = {};
const header = (key: string, ...values: string[]) => [{ $typeName: "http.Element" as const, key, values }];

test("those of one connection have one name, when nothing else is known", () => {
  const names = new CallerNames();
  const first = names.of(connection, "", [], "");
  expect(names.of(connection, "", [], "")).toBe(first);
  expect(names.of({}, "", [], "")).not.toBe(first);
});

test.each([
  ["192.0.2.7:53124", "192.0.2.7"],
  ["192.0.2.7", "192.0.2.7"],
  ["[2001:db8:1:2:3:4:5:6]:53124", "2001:db8:1:2::/64"],
  ["[2001:db8::1]:80", "2001:db8:0:0::/64"],
  ["[2001:db8:1:2::9]:80", "2001:db8:1:2::/64"],
  ["[::1]:80", "0:0:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["[::ffff:192.0.2.7]:80", "192.0.2.7"],
])("the address %s that the node passes on is the caller %s, on whatever connection", (address, name) => {
  expect(new CallerNames().of(connection, address, [], "")).toBe(name);
});

test("a header names the client only where the operator says so, and only by its last value", () => {
  const names = new CallerNames();
  const forwarded = header("X-Forwarded-For", "203.0.113.9", "203.0.113.10, 198.51.100.4");
  expect(names.of(connection, "127.0.0.1:1", forwarded, "")).toBe("127.0.0.1");
  expect(names.of(connection, "127.0.0.1:1", forwarded, "x-forwarded-for")).toBe("198.51.100.4");
  expect(names.of(connection, "127.0.0.1:1", forwarded, "X-Real-IP")).toBe("127.0.0.1");
  expect(names.of(connection, "127.0.0.1:1", header("X-Real-IP", " "), "X-Real-IP")).toBe("127.0.0.1");
});

test("a header of any length makes a short name", () => {
  const name = new CallerNames().of(connection, "", header("X-Real-IP", "9".repeat(100_000)), "X-Real-IP");
  expect(name.length).toBeLessThanOrEqual(64);
});

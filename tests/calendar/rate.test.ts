import { expect, test } from "bun:test";
import { Rate } from "../../src/calendar/rate.ts";

test("an address has its number of requests in each second, and others have theirs", () => {
  const rate = new Rate(2);
  const at = (ms: number, address = "192.0.2.1") => rate.take(address, ms);
  expect([at(5_000), at(5_500), at(5_999)]).toEqual([true, true, false]);
  expect(at(5_999, "192.0.2.2")).toBe(true);
  expect([at(6_000), at(6_001), at(6_002)]).toEqual([true, true, false]);
});

test.each([
  ["2001:db8:0:7::1", "2001:db8:0:7:ffff:ffff:ffff:ffff", true],
  ["2001:db8::7:0:0:0:1", "2001:db8:0:7::2", true],
  ["2001:db8::1", "2001:db8:0:0:9::", true],
  ["2001:db8::1", "2001:db8:0:1::1", false],
  ["::1", "::2", true],
  ["::ffff:192.0.2.1", "::ffff:192.0.2.2", false], // IPv4 in a socket for both
])("%s and %s are of one owner: %p", (one, other, isSame) => {
  const rate = new Rate(1);
  expect([rate.take(one, 0), rate.take(other, 0)]).toEqual([true, !isSame]);
});

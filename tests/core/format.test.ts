import { describe, expect, test } from "bun:test";
import { countOf, formatIsoTime, formatNumber, formatSize, shorten, showData } from "../../src/core/format.ts";
import { formatTime } from "../../src/explorer/format-time.ts";
import { bytesOf } from "../support/chain.ts";

describe("data is shown", () => {
  test.each([
    ["plain text", "hello world"],
    ["lines and tabs", "a\r\n\tb"],
    ["other scripts", "Prüfung 契約書 שלום नमस्ते"],
    ["emoji of several parts", "👩‍👩‍👧 ❤️"],
    ["nothing", ""],
  ])("as text: %s", (_name, text) => {
    expect(showData(bytesOf(text), 100)).toEqual({ kind: "text", text, hiddenBytes: 0 });
  });

  test.each([
    ["bytes that are no UTF-8", new Uint8Array([0x61, 0xff])],
    ["half a character", new Uint8Array([0x61, 0xc3])],
    ["a null", bytesOf("a\0b")],
    ["an escape sequence of terminals", bytesOf("\u001b[31m")],
    ["text that turns its direction", bytesOf("invoice\u202efdp.exe")],
    ["an invisible space", bytesOf("a\u200bb")],
    ["a byte order mark", bytesOf("\ufeffa")],
    ["nothing but white space", bytesOf(" \n\u3000\t")],
  ])("as hex: %s", (_name, data) => {
    expect(showData(data, 100)).toEqual({
      kind: "hex",
      text: `0x${Buffer.from(data).toString("hex")}`,
      hiddenBytes: 0,
    });
  });

  test("up to the limit, without half a character at the end", () => {
    expect(showData(bytesOf("aäöü"), 4)).toEqual({ kind: "text", text: "aä", hiddenBytes: 3 });
    expect(showData(new Uint8Array(5).fill(255), 2)).toEqual({ kind: "hex", text: "0xffff", hiddenBytes: 3 });
  });
});

test.each([
  [0n, "1970-01-01 00:00:00 UTC", "1970-01-01T00:00:00Z"],
  [1_795_296_812n, "2026-11-21 21:33:32 UTC", "2026-11-21T21:33:32Z"],
  [-1n, "1969-12-31 23:59:59 UTC", "1969-12-31T23:59:59Z"],
  [-8_640_000_000_000n, "-271821-04-20 00:00:00 UTC", "-271821-04-20T00:00:00Z"],
  [8_640_000_000_000n, "+275760-09-13 00:00:00 UTC", "+275760-09-13T00:00:00Z"],
])("the time %i is %s", (seconds, text, iso) => {
  expect(formatTime(seconds)).toEqual({ text, iso });
  expect(formatIsoTime(seconds)).toBe(iso);
});

test("a time beyond any Date is shown as a number of seconds", () => {
  expect(formatTime(8_640_000_000_001n)).toBeUndefined();
  expect(formatTime(2n ** 64n - 1n)).toBeUndefined();
  expect(formatIsoTime(8_640_000_000_001n)).toBe("8640000000001 s after 1970");
  expect(formatTime(-8_640_000_000_001n)).toBeUndefined();
  expect(formatIsoTime(-8_640_000_000_001n)).toBe("8640000000001 s before 1970");
});

test("numbers have their digits in groups of three, and nouns agree with them", () => {
  expect([0, 999, 1_000, 2n ** 63n].map(formatNumber)).toEqual(["0", "999", "1,000", "9,223,372,036,854,775,808"]);
  expect([formatNumber(999), formatNumber(1_000_000n), formatNumber(2n ** 64n - 1n)]).toEqual([
    "999",
    "1,000,000",
    "18,446,744,073,709,551,615",
  ]);
  expect([0n, 1, 1n, 2].map((count) => countOf(count, "block"))).toEqual([
    "0 blocks",
    "1 block",
    "1 block",
    "2 blocks",
  ]);
  expect([formatSize(0), formatSize(1), formatSize(1_234)]).toEqual(["0 bytes", "1 byte", "1,234 bytes"]);
});

test("a text that is too long for a line loses its middle", () => {
  expect(shorten("0123456789abcdefghij")).toBe("0123456789abcdefghij");
  expect(shorten("0123456789abcdefghijk")).toBe("01234567…defghijk");
});

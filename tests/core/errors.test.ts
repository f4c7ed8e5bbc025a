import { describe, expect, test } from "bun:test";
import { messageOf } from "../../src/avalanche/coded-error.ts";
import { IdError } from "../../src/avalanche/id.ts";
import { ChainError, expectChainError } from "../../src/core/errors.ts";
import { FileError } from "../../src/store/errors.ts";

/** Those whose words clients of timestampvm-rs know, or an operator acts by. */
test.each<readonly [Error, string]>([
  [new ChainError({ code: "unknown block" }), "not found"],
  [
    new ChainError({ code: "data too large", bytes: 1_048_586, maxBytes: 1_048_576 }),
    "data 1048586-byte exceeds the limit 1048576-byte",
  ],
  [new IdError("not base58"), "malformed id: not base58"],
  [
    new ChainError({ code: "clock behind", seconds: 4_000n }),
    "the preferred block is 4000 s ahead of the local clock, too far to build on it: set the clock if it is wrong, or wait",
  ],
  [
    new FileError({ code: "database failed", file: "/x/y.db", problem: "it is full", cure: "empty it" }),
    "/x/y.db: it is full; empty it",
  ],
])("a refusal says what it is: %s", (error, text) => {
  expect(error.message).toBe(text);
});

test("an error keeps its cause", () => {
  const cause = new Error("below");
  expect(new ChainError({ code: "shut down" }, { cause }).cause).toBe(cause);
});

describe("a thrown value that must be a refusal of the chain", () => {
  test("is that refusal", () => {
    const error = new ChainError({ code: "shut down" });
    expect(expectChainError(error)).toBe(error);
  });

  test.each([new Error("a bug"), "text", undefined])("is thrown again when it is %p", (error) => {
    let thrown: unknown = "nothing";
    try {
      expectChainError(error);
    } catch (again) {
      thrown = again;
    }
    expect(thrown).toBe(error);
  });
});

test("the message of a thrown value is its message, or its text", () => {
  expect([new SyntaxError("no object"), "text", undefined].map(messageOf)).toEqual(["no object", "text", "undefined"]);
});

import { describe, expect, test } from "bun:test";
import type { CallApi } from "../../src/client/client.ts";
import { NoAnswerError } from "../../src/client/no-answer.ts";
import { RpcError, rpcCodes } from "../../src/client/rpc-error.ts";
import { isSilence, withDeadline } from "../../src/explorer/browser/silence.ts";
import { reasonOf } from "../support/promise.ts";

const httpStatus = (status: number) => new NoAnswerError({ code: "http status", status, text: "" }, "status");
const refused = (code: string) => new RpcError(rpcCodes.internalError, "refused", { code });

test.each([
  ["a node that cannot be reached", new NoAnswerError({ code: "unreachable", cause: "" }, "down"), true],
  ["a node that has not started the chain", httpStatus(404), true],
  ["a node that is busy", httpStatus(503), true],
  ["a proxy without its node", httpStatus(502), true],
  ["a node that ends", refused("shut down"), true],
  ["a request that is forbidden", httpStatus(403), false],
  ["a redirect", new NoAnswerError({ code: "redirect", location: "" }, "elsewhere"), false],
  ["something that is no node", new NoAnswerError({ code: "no json-rpc" }, "hello"), false],
  ["a refusal", refused("mempool full"), false],
  ["an error of the page", new TypeError("undefined is not a function"), false],
])("%s: asked again: %p", (_what, error, expected) => {
  expect(isSilence(error)).toBe(expected);
});

describe("a call with a deadline", () => {
  /** Never answers, and ends with its signal. */
  const silent: CallApi = (_method, _params, signal) =>
    new Promise((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
      if (signal?.aborted) reject(signal.reason);
    });

  test("that is not answered ends as one that did not reach the node", async () => {
    expect(isSilence(await reasonOf(withDeadline(silent, 1)("ping", undefined)))).toBe(true);
  });

  test("ends for the reason of its signal, also when that came before", async () => {
    const ended = new AbortController();
    const reason = reasonOf(withDeadline(silent)("ping", undefined, ended.signal));
    ended.abort("enough");
    expect(await reason).toBe("enough");
    expect(await reasonOf(withDeadline(silent)("ping", undefined, AbortSignal.abort("before")))).toBe("before");
  });

  test("gives the answer", async () => {
    const answer: CallApi = async () => JSON.parse(`{"success":true}`);
    expect(await withDeadline(answer)("ping", undefined)).toEqual({ success: true });
  });
});

import { expect, test } from "bun:test";
import { Log } from "../src/log.ts";

function createLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return { log: new Log((line) => lines.push(line)), lines };
}

function logAll(log: Log): void {
  log.debug("d");
  log.info("i");
  log.warn("w");
  log.error("e");
}

test.each([
  ["debug", ["d", "i", "w", "e"]],
  ["info", ["i", "w", "e"]],
  ["warn", ["w", "e"]],
  ["error", ["e"]],
] as const)("level %s lets %j through", (level, events) => {
  const { log, lines } = createLog();
  log.setLevel(level);
  logAll(log);
  expect(lines.map((line) => JSON.parse(line).event)).toEqual([...events]);
});

test("what costs to say is worked out only if it is logged", () => {
  const { log, lines } = createLog();
  let asked = 0;
  const fields = () => ({ asked: ++asked });
  log.debug("d", fields);
  expect([lines, asked]).toEqual([[], 0]);
  log.setLevel("debug");
  log.debug("d", fields);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "debug", event: "d", asked: 1 });
});

test("the level is info until it is set", () => {
  const { log, lines } = createLog();
  logAll(log);
  expect(lines).toHaveLength(3);
});

test("a line is one JSON object: time, level, event, then the fields, bigints with all digits", () => {
  const { log, lines } = createLog();
  log.warn("two\nlines", { height: 2n ** 64n - 1n, path: 'a "b"\n', ok: true, count: 1, absent: undefined });
  expect(lines[0]).toMatch(
    /^\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","level":"warn","event":"two\\nlines","height":18446744073709551615,"path":"a \\"b\\"\\n","ok":true,"count":1\}$/,
  );
});

test("a long text is cut: an error may quote what a peer sent", () => {
  const { log, lines } = createLog();
  log.error("e", { short: "x".repeat(2_000), long: "y".repeat(1_000_000) });
  const { short, long } = JSON.parse(lines[0] ?? "");
  expect(short).toBe("x".repeat(2_000));
  expect(long).toBe(`${"y".repeat(2_000)}…`);
});

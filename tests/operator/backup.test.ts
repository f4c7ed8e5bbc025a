import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { askOperated } from "../../src/operator/ask.ts";
import { pointerName } from "../../src/operator/socket-file.ts";
import { db } from "../cli/db-support.ts";
import { within } from "../fake-node/deadline.ts";
import { decideNext, propose } from "../support/chain.ts";
import { Operated } from "../support/operated.ts";
import { reasonOf } from "../support/promise.ts";

const startOther = (name: string) => () => new Worker(new URL(name, import.meta.url).href);
const namesOf = ({ directory }: Operated) =>
  readdirSync(directory.path).filter((name) => !/^(timestampvm\.db|operator)/.test(name));

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await Bun.sleep(5);
}

/** Begins a backup that gets stuck; `end` makes its operator go away. */
async function beginStuck({ directory }: Operated, file: string) {
  const path = await Bun.file(directory.file(pointerName)).text();
  const gone = new AbortController();
  const body = JSON.stringify({ do: "back up", file });
  const response = await fetch("http://operator/", { unix: path, method: "POST", body, signal: gone.signal });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const { value } = await reader.read();
  expect(new TextDecoder().decode(value)).toBe('{"progress":{"blocks":1,"total":2}}\n');
  return { end: () => gone.abort(), reader };
}

describe("a backup of a running chain", () => {
  test("is whole", async () => {
    await using operated = await Operated.start();
    const { vm, directory } = operated;
    for (let i = 0; i < 20; i++) {
      propose(vm, `block ${i}`);
      decideNext(vm);
    }
    propose(vm, "waits");
    const copy = directory.file("copy.db");
    const during: unknown[] = [];
    const done = await askOperated(directory.path, { do: "back up", file: copy }, (line) => during.push(line));
    expect(done).toEqual({ backup: { blocks: 21n, proposals: 1n, lastAccepted: vm.lastAccepted.id } });
    expect(during.at(-1)).toEqual({ progress: { blocks: 21n, total: 21n } });
    expect(db("check", copy)).toMatchObject({ code: 0, out: expect.stringMatching(/sound\n$/) });
  });

  test.each([
    ["a relative path", "copy.db", "copy.db is not an absolute path"],
    ["the database itself", undefined, "there is such a file already"],
  ])("is refused for %s", async (_name, file, problem) => {
    await using operated = await Operated.start();
    const asked = { do: "back up", file: file ?? operated.file } as const;
    expect(await reasonOf(askOperated(operated.directory.path, asked))).toMatchObject({
      refusal: { code: "refused", problem: expect.stringContaining(problem) },
    });
  });

  test("is made one at a time; nothing is left when the operator goes away, and the next one may begin", async () => {
    await using operated = await Operated.start({ startBackup: startOther("stuck-backup.ts") });
    const { directory } = operated;
    const first = await beginStuck(operated, directory.file("first.db"));
    expect(namesOf(operated)).toHaveLength(2);
    const second = { do: "back up", file: directory.file("second.db") } as const;
    expect(await reasonOf(askOperated(directory.path, second))).toMatchObject({
      refusal: { problem: "another backup is being made: one at a time" },
    });
    expect(await askOperated(directory.path, { do: "list" })).toEqual({ listed: 0n });
    first.end();
    await within(
      "the end of the first",
      until(() => namesOf(operated).length === 0),
    );
    await within(
      "its log",
      until(() => operated.log.some((line) => line.includes("a backup was given up"))),
    );
    const third = await beginStuck(operated, directory.file("third.db"));
    third.end();
    await within(
      "the end of the third",
      until(() => namesOf(operated).length === 0),
    );
  });

  test("ends at once with the chain, and nothing is left of it", async () => {
    await using operated = await Operated.start({ startBackup: startOther("stuck-backup.ts") });
    const { reader } = await beginStuck(operated, operated.directory.file("copy.db"));
    const rest = within("the last line", reader.read());
    await within("the end of the door", operated.closeDoor() ?? Promise.resolve());
    expect(new TextDecoder().decode((await rest).value)).toBe('{"error":"the chain ends"}\n');
    expect(namesOf(operated)).toEqual([]);
  });

  test("whose thread throws says what it threw", async () => {
    await using operated = await Operated.start({ startBackup: startOther("throwing-backup.ts") });
    const { directory } = operated;
    const asked = { do: "back up", file: directory.file("copy.db") } as const;
    expect(await reasonOf(askOperated(directory.path, asked))).toMatchObject({
      refusal: { problem: expect.stringContaining("a bug in the backup") },
    });
  });

  test("whose thread ends is given up, and the chain goes on", async () => {
    await using operated = await Operated.start({ startBackup: startOther("failing-backup.ts") });
    const { directory, vm } = operated;
    const asked = { do: "back up", file: directory.file("copy.db") } as const;
    expect(await reasonOf(askOperated(directory.path, asked))).toMatchObject({
      refusal: { problem: "the thread ended" },
    });
    expect(namesOf(operated)).toEqual([]);
    propose(vm, "a");
    expect(decideNext(vm).height).toBe(1n);
  });
});

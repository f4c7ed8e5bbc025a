import { expect, jest, test } from "bun:test";
import {
  Admission,
  maxAnswerBytes,
  maxFetchMs,
  type Room,
  smallAnswerBytes,
  smallRequestBytes,
} from "../../src/api/admission.ts";
import { defaultConfig } from "../../src/core/config.ts";
import { Log } from "../../src/log.ts";

const { maxHttpBytes, maxHttpRequests } = defaultConfig;

function start() {
  const logged: string[] = [];
  const admission = new Admission(new Log((line) => logged.push(line)));
  const admit = (bytes = 0): Room => {
    const room = admission.admit(bytes);
    if (room === undefined) throw new Error("refused");
    return room;
  };
  return { admission, admit, logged };
}

test("requests are taken up to their number, and again when one is answered", () => {
  const { admission, admit } = start();
  const rooms = Array.from({ length: maxHttpRequests }, () => admit());
  expect(admission.requests).toBe(maxHttpRequests);
  expect(admission.admit(0)).toBeUndefined();
  expect(admission.refused).toEqual({ requests: 1, bytes: 0, caller: 0, answers: 0 });
  rooms[0]?.free();
  expect(admission.admit(0)).toBeDefined();
});

test("small requests count by their number alone", () => {
  const { admission, admit } = start();
  const full = admit(maxHttpBytes);
  expect(admission.admit(smallRequestBytes)).toBeDefined();
  expect(admission.admit(smallRequestBytes + 1)).toBeUndefined();
  full.free();
  expect(admission.admit(smallRequestBytes + 1)).toBeDefined();
});

test("requests are taken up to their bytes, until these are of no more use", () => {
  const { admission, admit } = start();
  const large = 10 * smallRequestBytes;
  const first = admit(maxHttpBytes - large);
  expect(admission.admit(large + 1)).toBeUndefined();
  const second = admit(large);
  expect(second.holdRequest(1)).toBe(false);
  first.releaseRequest();
  first.releaseRequest(); // twice is once
  expect(second.holdRequest(maxHttpBytes - large)).toBe(true);
  expect(admission.admit(large)).toBeUndefined();
  second.free();
  expect(admission.admit(maxHttpBytes)).toBeDefined();
  expect(admission.refused).toMatchObject({ bytes: 3 });
});

test("no caller holds more than is left for others, however many there are", () => {
  const { admission, admit } = start();
  const takeAll = (caller: string) => {
    let taken = 0;
    for (; admission.requests < maxHttpRequests; taken++) {
      const room = admit();
      if (room.takeFor(caller)) continue;
      room.free();
      return taken;
    }
    return taken;
  };
  const half = maxHttpRequests / 2;
  expect(takeAll("greedy")).toBe(half);
  expect(takeAll("greedy as well")).toBe(half / 2);
  expect(takeAll("modest")).toBe(half / 4);
  expect(admission.refused.caller).toBe(3);
});

test("a caller's share is free again with what he held", () => {
  const { admission, admit } = start();
  const rooms = Array.from({ length: maxHttpRequests / 2 }, () => admit());
  expect(rooms.every((room) => room.takeFor("one"))).toBe(true);
  const more = admit();
  expect(more.takeFor("one")).toBe(false);
  more.free();
  for (const room of rooms) room.free();
  expect(admission.requests).toBe(0);
  expect(admit().takeFor("one")).toBe(true);
});

test("large answers that nobody fetches leave no room for others, until they are given up", () => {
  jest.useFakeTimers();
  try {
    const { admission, admit } = start();
    let given = 0;
    for (let i = 0; i < 8; i++) {
      const room = admit();
      const giveUp = () => {
        given++;
        room.free();
      };
      expect(room.holdWhole(maxAnswerBytes / 8, giveUp)).toBe(true);
    }
    const other = admit();
    expect(other.holdWhole(maxAnswerBytes, () => {})).toBe(false);
    expect(other.holdWhole(smallAnswerBytes, () => {})).toBe(true);
    other.free();
    expect(admission.refused).toMatchObject({ answers: 1 });
    jest.advanceTimersByTime(maxFetchMs - 1);
    expect(given).toBe(0);
    jest.advanceTimersByTime(1);
    expect([given, admission.requests]).toEqual([8, 0]);
    expect(admit().holdWhole(maxAnswerBytes, () => {})).toBe(true);
  } finally {
    jest.useRealTimers();
  }
});

test("small answers count as none", () => {
  const { admission, admit } = start();
  const rooms = Array.from({ length: 2_000 }, () => admit());
  expect(rooms.length * smallAnswerBytes).toBeGreaterThan(maxAnswerBytes);
  expect(rooms.every((room) => room.holdWhole(smallAnswerBytes, () => {}))).toBe(true);
  expect(admit().holdWhole(maxAnswerBytes, () => {})).toBe(true);
  expect(admission.refused).toMatchObject({ answers: 0 });
});

test("a flood of refusals is one line in the log", () => {
  const { admission, logged } = start();
  for (let i = 0; i < 1_000; i++) admission.admit(maxHttpBytes + 1);
  expect(logged).toEqual([expect.stringContaining('"event":"requests refused"')]);
  expect(admission.refused.bytes).toBe(1_000);
});

test("an operator may set other limits", () => {
  const admission = new Admission(new Log(() => {}), { maxRequests: 1, maxRequestBytes: 10_000 });
  expect(admission.admit(10_001)).toBeUndefined();
  expect(admission.admit(10_000)).toBeDefined();
  expect(admission.admit(0)).toBeUndefined();
});

test("bytes of requests and of answers are shared as requests are", () => {
  const { admission, admit } = start();
  const takeAll = (caller: string, bytes: number, hold: (room: Room) => boolean) => {
    for (let taken = 0; ; taken++) {
      const room = admission.admit(bytes);
      if (room === undefined) return taken;
      if (room.takeFor(caller) && hold(room)) continue;
      room.free();
      return taken;
    }
  };
  const sixteenth = maxHttpBytes / 16;
  expect(takeAll("greedy", sixteenth, () => true)).toBe(8);
  expect(takeAll("modest", sixteenth, () => true)).toBe(4);
  const other = admit();
  expect(other.takeFor("other")).toBe(true);
  expect(other.holdRequest(sixteenth)).toBe(true);
  const answer = maxAnswerBytes / 16;
  expect(takeAll("unread", 0, (room) => room.holdWhole(answer, () => {}))).toBe(8);
  expect(takeAll("unread as well", 0, (room) => room.holdAnswer(answer))).toBe(4);
  expect(other.holdWhole(answer, () => {})).toBe(true);
});

test("the parts of an answer that are held are not counted again as a whole", () => {
  const { admit } = start();
  const room = admit();
  room.takeFor("one");
  for (let i = 0; i < 4; i++) expect(room.holdAnswer(maxAnswerBytes / 8)).toBe(true);
  expect(room.holdWhole(maxAnswerBytes / 2 + 100, () => {})).toBe(true);
  room.free();
  expect(admit().holdWhole(maxAnswerBytes, () => {})).toBe(true);
});

import { describe, expect, test } from "bun:test";
import { defaultProtocol, newestProtocol, oldestProtocol, protocolOf } from "../../src/rpcchainvm/protocol.ts";

/** Each behaviour with the protocols that have it, first and last. */
const spans = {
  "Initialize of 16": [16, 19],
  "Initialize of 20": [20, 23],
  "Initialize of 24": [24, 29],
  "Initialize of 30": [30, 46],
  "a handler with lock options": [16, 28],
  "a handler without them": [29, 46],
  "blocks have a status": [16, 35],
  "blocks have none": [36, 46],
  notify: [16, 41],
  wait: [42, 46],
  "gossip with the message first": [16, 34],
  "gossip with the message last": [35, 46],
  inside: [16, 39],
  "read to EOF text": [40, 41],
  "read to EOF code": [42, 46],
  "to build is 0": [16, 21],
  "to build is 1": [22, 46],
  "synced is 1": [16, 21],
  "synced is 2": [22, 46],
  "a summary is taken up or not": [16, 21],
  "a summary is taken up in a mode": [22, 46],
  "validators are known": [19, 46],
  "requests are refused": [33, 46],
  "stops by SIGINT": [23, 23],
} as const;

function behavioursOf(version: number): string[] {
  const protocol = protocolOf(version);
  const initialize = {
    "vm.InitializeRequest16": "Initialize of 16",
    "vm.InitializeRequest20": "Initialize of 20",
    "vm.InitializeRequest24": "Initialize of 24",
    "vm.InitializeRequest": "Initialize of 30",
  }[protocol.initializeRequest.typeName];
  const { typeName } = protocol.handlersReply;
  return [
    initialize,
    typeName === "vm.CreateHandlersResponse16" ? "a handler with lock options" : "a handler without them",
    protocol.hasBlockStatus ? "blocks have a status" : "blocks have none",
    protocol.events,
    protocol.sendAppGossip.input.field.msg.number === 1
      ? "gossip with the message first"
      : "gossip with the message last",
    protocol.requestBody,
    `to build is ${protocol.messages["build block"]}`,
    `synced is ${protocol.messages["state sync done"]}`,
    protocol.summaryReply === "whether" ? "a summary is taken up or not" : "a summary is taken up in a mode",
    ...(protocol.hasValidators ? ["validators are known"] : []),
    ...(protocol.hasAppErrors ? ["requests are refused"] : []),
    ...(protocol.stopSignals.includes("SIGINT") ? ["stops by SIGINT"] : []),
  ];
}

const all = Array.from({ length: 31 }, (_, i) => 16 + i);

test("from 16 to 46, by default 45", () => {
  expect([oldestProtocol, newestProtocol, defaultProtocol]).toEqual([16, 46, 45]);
});

test.each(all)("protocol %i behaves as AvalancheGo's releases with it", (version) => {
  const expected = Object.entries(spans).filter(([, [first, last]]) => first <= version && version <= last);
  expect(behavioursOf(version).sort()).toEqual(expected.map(([name]) => name).sort());
  expect(protocolOf(version).version).toBe(version);
  expect(protocolOf(version).stopSignals).toContain("SIGTERM");
});

describe("a protocol that is newer than all we know", () => {
  test("has the rules of the newest, and its own number", () => {
    expect(protocolOf(47)).toEqual({ ...protocolOf(46), version: 47 });
  });
});

import { expect, test } from "bun:test";
import { Log } from "../../src/log.ts";
import { chainMetrics } from "../../src/plugin/metrics.ts";
import { gatherMetrics } from "../../src/rpcchainvm/services/metrics.ts";
import { startVm } from "../support/chain.ts";

const silent = new Log(() => {});
const http = { requests: 3, refused: { requests: 1, bytes: 2 } };
const processNames = [
  "process_cpu_seconds_total",
  "process_resident_memory_bytes",
  "process_start_time_seconds",
  "http_requests",
  "http_requests_refused_total",
];

test("before there is a chain, the process alone is measured", () => {
  expect(gatherMetrics(undefined, http, silent).map(({ name }) => name)).toEqual(processNames);
});

test("a chain is measured beside it, each name once", () => {
  const { vm } = startVm();
  const names = gatherMetrics({ metrics: () => chainMetrics(vm.status(), 0) }, http, silent).map(({ name }) => name);
  expect(names).toEqual([...processNames, ...names.slice(processNames.length)]);
  expect(names).toContain("last_accepted_height");
  expect(new Set(names).size).toBe(names.length);
});

test("where the VM cannot say how it is, the process alone is measured: an error would cost all chains their metrics", () => {
  const logged: string[] = [];
  const { vm } = startVm();
  vm.close();
  expect(() => vm.status()).toThrow();
  const log = new Log((line) => logged.push(line));
  const names = gatherMetrics({ metrics: () => chainMetrics(vm.status(), 0) }, http, log).map(({ name }) => name);
  expect(names).toEqual(processNames);
  expect(logged).toEqual([expect.stringContaining('"event":"metrics not gathered"')]);
});

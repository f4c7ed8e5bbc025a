// The clients' thread, which does what no request should bring about when it is told to. In its place: `worker.ts`.

import { openReader } from "../../src/store/shared-database.ts";
import "../../src/clients/worker.ts";

export interface Misbehaviour {
  readonly way: string;
  readonly file: string;
  /** Shared memory, whose first number is 1 from the last moment before on. */
  readonly begun: Int32Array;
}

/** The ways, each with the file of the chain. */
const ways: Readonly<Record<string, (file: string) => void>> = {
  throw: () => {
    throw new Error("a bug");
  },
  reject: () => void Promise.reject(new Error("a bug")),
  exit: () => process.exit(7),
  spin: () => {
    for (;;);
  },
  parse: () => {
    for (;;) JSON.parse(`[${"1,".repeat(5_000_000)}1]`);
  },
  query: (file) => {
    const db = openReader(file);
    const counted =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT max(i) FROM n";
    for (;;) db.query(`${counted}, (SELECT 1 FROM blocks LIMIT 1)`).all();
  },
};

addEventListener("message", ({ data }: MessageEvent<Partial<Misbehaviour>>) => {
  const { way, file = "", begun } = data;
  if (way === undefined || begun === undefined) return;
  begun[0] = 1;
  ways[way]?.(file);
});

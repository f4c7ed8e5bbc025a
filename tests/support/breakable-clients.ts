/** How the clients' thread breaks by itself. */
export type Break = "exit" | "spin" | "wait";

/** Milliseconds for which the thread waits in the system: longer than it is waited for. */
const waitMs = 15_000;

addEventListener("message", ({ data }: MessageEvent<Break>) => {
  if (data === "exit") process.exit(1);
  while (data === "spin");
  if (data === "wait") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, waitMs);
});
// A plain import would be left out: package.json says that no module has effects of its own.
await import("../../src/clients/worker.ts");

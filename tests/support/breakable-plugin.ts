// The program as it is, but for its clients' thread: SIGUSR2 breaks it, in another way each time. A plugin for tests of
// what the node and its clients notice then. It works as a binary only.

import type { Break } from "./breakable-clients.ts";

const breaks: readonly (Break | "terminate")[] = ["terminate", "exit", "spin", "wait"];
/** Where the binary has the folder of the repository. */
const root = new URL("./", import.meta.url).href;
let signals = 0;
let clients: Worker | undefined;

/** The program takes the place where it begins for its folder `src`. */
class BreakableWorker extends Worker {
  constructor(url: string | URL, options?: WorkerOptions) {
    const file = `${url}`.slice(root.length);
    const isClients = file === "clients/worker.ts";
    super(`${root}${isClients ? "tests/support/breakable-clients.ts" : `src/${file}`}`, options);
    if (isClients) clients = this;
  }
}

globalThis.Worker = BreakableWorker;
process.on("SIGUSR2", () => {
  const how = breaks[signals++ % breaks.length];
  if (how === "terminate") clients?.terminate();
  else clients?.postMessage(how);
});
await import("../../src/main.ts");

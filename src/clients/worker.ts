import { getPriority, setPriority } from "node:os";
import { messageOf } from "../avalanche/coded-error.ts";
import { Log } from "../log.ts";
import { logBugs } from "../rpcchainvm/start/log-bugs.ts";
import { writeTo } from "../rpcchainvm/start/standard-streams.ts";
import type { FromClients, Opening, ToClients } from "./messages.ts";

/** How much this thread adds to the nice value of its process, which ends at 19: the greater, the less urgent. */
const niceness = 10;

// The entry of the clients' thread. On a single core, consensus runs first.
// The module that serves clients takes time to load: it loads while the chain is opened.

beNice();
const write = writeTo(2);
const log = new Log((line) => write(`${line}\n`));
logBugs(log);
const loading = import("./serve-clients.ts");
let serving: Promise<(message: ToClients) => Promise<void>> | undefined;

addEventListener("message", ({ data: message }: MessageEvent<ToClients>) => {
  if (message.type === "open") serving = serve(message);
  else void serving?.then((receive) => receive(message));
});

async function serve(opening: Opening): Promise<(message: ToClients) => Promise<void>> {
  try {
    const { serveClients } = await loading;
    return await serveClients(opening, (message: FromClients) => postMessage(message), log);
  } catch (error) {
    log.error("cannot serve clients", { error: messageOf(error) });
    process.exit(1); // ends this thread only; another replaces it
  }
}

/** Makes this thread less urgent than consensus. On other systems than Linux, it would change the whole process. */
function beNice(): void {
  if (process.platform !== "linux") return;
  try {
    setPriority(Math.min(getPriority() + niceness, 19));
  } catch {
    // Clients are served anyway.
  }
}

import { setPriority } from "node:os";
import { messageOf } from "../avalanche/coded-error.ts";
import { Log } from "../log.ts";
import { logBugs } from "../rpcchainvm/start/log-bugs.ts";
import { writeTo } from "../rpcchainvm/start/standard-streams.ts";
import type { FromClients, Opening, ToClients } from "./messages.ts";

/** Of the system's scale, on which 0 is usual and 19 the least urgent. */
const niceness = 10;

// The thread of the clients begins here. Where there is one core, the system gives it to consensus first.
// What serves them takes time to load, and the chain to be opened meanwhile.

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
    process.exit(1); // of this thread: another takes its place
  }
}

/** Makes this thread less urgent than that of consensus. Elsewhere than on Linux, it would be the whole process. */
function beNice(): void {
  if (process.platform !== "linux") return;
  try {
    setPriority(0, niceness);
  } catch {
    // Clients are served all the same.
  }
}

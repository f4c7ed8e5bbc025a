import { setImmediate, setTimeout } from "node:timers/promises";
import { Admission } from "../api/admission.ts";
import { createApi } from "../api/app.ts";
import { explorerPath, rpcPath } from "../api/paths.ts";
import { Turns } from "../api/turns.ts";
import { codeOf } from "../avalanche/coded-error.ts";
import type { Submission } from "../core/proposal.ts";
import { createExplorer } from "../explorer/explorer.tsx";
import type { Log } from "../log.ts";
import type { GrpcServer } from "../rpcchainvm/grpc/server.ts";
import { protocolOf } from "../rpcchainvm/protocol.ts";
import type { HttpHandler } from "../rpcchainvm/services/http-handler.ts";
import { createHttpServer } from "../rpcchainvm/services/http-server.ts";
import { BlockReader } from "../store/block-reader.ts";
import { systemClock } from "../vm/clock.ts";
import type { FromClients, Opening, ToClients } from "./messages.ts";
import { RemoteChain } from "./remote-chain.ts";
import { beatMs, SharedFigures } from "./shared.ts";
import { answerSimpleBy } from "./short-cut.ts";

/**
 * Turns of the event loop, of a millisecond or more, that `close` gives clients to fetch their answers. On a busy
 * machine turns are longer, for the clients as well.
 */
const maxGoodbyeTurns = 500;
/** Milliseconds between two tries to listen on a port that the previous thread may still hold. */
const portRetryMs = 50;
/** Milliseconds after which these tries end. */
const maxPortWaitMs = 30_000;

/**
 * Answers clients once the chain is open. Resolves when it listens, with a function that takes all later messages of
 * the thread of consensus. Rejects with "database failed", or the system's error for the port.
 */
export async function serveClients(
  opening: Opening,
  post: (message: FromClients) => void,
  log: Log,
): Promise<(message: ToClients) => Promise<void>> {
  log.setLevel(opening.config.logLevel);
  const figures = new SharedFigures(opening.memory);
  figures.beat();
  setInterval(() => figures.beat(), beatMs);
  const reader = BlockReader.openBeside(opening.file);
  const chain = new RemoteChain({ reader, clock: systemClock, head: figures, ask: post });
  const server = createServer(chain, figures, opening, log);
  post({ type: "listening", address: await listenAgain(server, opening.port, log) });
  return async (message) => {
    if (message.type === "close") await close(chain, server, reader, post, figures);
    else if (message.type === "confirmed") chain.wake();
    else if (message.type !== "open") chain.receive(message);
  };
}

function createServer(chain: RemoteChain, figures: SharedFigures, opening: Opening, log: Log): GrpcServer {
  const { config, identity } = opening;
  const { maxHttpRequests, maxHttpBytes } = config;
  const admission = new Admission(log, { maxRequests: maxHttpRequests, maxRequestBytes: maxHttpBytes }, figures);
  const handler = createHandler(chain, opening, log);
  return createHttpServer(() => handler, admission, protocolOf(identity.protocol), log);
}

function createHandler(chain: RemoteChain, { identity, config }: Opening, log: Log): HttpHandler {
  const explorer = createExplorer(chain, identity);
  const propose = (batch: readonly Submission[]) => chain.propose(batch);
  const { fetch, answerRpc } = createApi({ view: chain, propose, identity, explorer, log, turns: new Turns() });
  const answerSimple = answerSimpleBy(answerRpc, rpcPath);
  return { paths: [rpcPath, explorerPath], fetch, answerSimple, clientAddressHeader: config.clientAddressHeader };
}

/** Listens on a port. If it is in use, tries again: the previous thread, which had the port, may not have ended yet. */
async function listenAgain(server: GrpcServer, port: number, log: Log): Promise<string> {
  const giveUpAtMs = systemClock.elapsedMs() + maxPortWaitMs;
  for (;;) {
    try {
      return await server.listenCoalesced(port);
    } catch (error) {
      if (codeOf(error) !== "EADDRINUSE" || systemClock.elapsedMs() >= giveUpAtMs) throw error;
      log.debug("port in use", { port });
      await setTimeout(portRetryMs);
    }
  }
}

/** First answers those who wait for a block. Closes the file before the thread of consensus does. */
async function close(
  chain: RemoteChain,
  server: GrpcServer,
  reader: BlockReader,
  post: (message: FromClients) => void,
  figures: SharedFigures,
): Promise<void> {
  chain.confirmed.close();
  server.close();
  for (let turns = 0; figures.requests > 0 && turns < maxGoodbyeTurns; turns++) await setTimeout(1);
  await setImmediate(); // answers that are written in one turn are sent at its end
  await setImmediate();
  reader.close();
  post({ type: "closed" });
  process.exit(0); // of this thread
}

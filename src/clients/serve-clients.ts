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

/** Milliseconds for which the end waits for clients to fetch their answers. */
const maxGoodbyeMs = 500;
/** Milliseconds until a port is tried again that the thread before may not have let go of yet, … */
const portRetryMs = 50;
/** … and after which that is given up. */
const maxPortWaitMs = 30_000;

/**
 * Answers clients from the opening of the chain on. Resolves when it listens, with what takes all that the thread of
 * consensus says from then on. Rejects with "database failed", or the system's error for the port.
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
  const explorer = createExplorer(chain, identity.notice);
  const propose = (batch: readonly Submission[]) => chain.propose(batch);
  const { fetch, answerRpc } = createApi({ view: chain, propose, identity, explorer, log, turns: new Turns() });
  const answerSimple = answerSimpleBy(answerRpc, rpcPath);
  return { paths: [rpcPath, explorerPath], fetch, answerSimple, clientAddressHeader: config.clientAddressHeader };
}

/** A port is named where a thread before this one had it: that may still be about to end. */
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

/** Those who wait for a block are answered first; the file is closed before the thread of consensus closes it. */
async function close(
  chain: RemoteChain,
  server: GrpcServer,
  reader: BlockReader,
  post: (message: FromClients) => void,
  figures: SharedFigures,
): Promise<void> {
  chain.confirmed.close();
  server.close();
  const giveUpAtMs = systemClock.elapsedMs() + maxGoodbyeMs;
  while (figures.requests > 0 && systemClock.elapsedMs() < giveUpAtMs) await setTimeout(1);
  await setImmediate(); // what was written in one turn is sent at its end
  await setImmediate();
  reader.close();
  post({ type: "closed" });
  process.exit(0); // of this thread
}

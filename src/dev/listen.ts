import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { codeOf } from "../avalanche/coded-error.ts";
import { cannotListen } from "../avalanche/system-error.ts";
import { formatAddress } from "../core/address.ts";

/** How many further ports are tried when the wanted one is taken. */
const maxPorts = 100;

/** Bytes of a request's headers, as at a node (Go's net/http). Cookies of localhost go to every port. */
export const maxHeaderBytes = 1024 * 1024;

/** Serves HTTP at the port, or at the next free one. Rejects with the system's code, and names the address. */
export async function listenNear(host: string, port: number, listener: RequestListener): Promise<Server> {
  for (let tried = port; ; tried++) {
    const server = createServer({ maxHeaderSize: maxHeaderBytes }, listener);
    try {
      server.listen(tried, host);
      await once(server, "listening");
      return server;
    } catch (error) {
      const isTaken = codeOf(error) === "EADDRINUSE";
      if (!isTaken || port === 0 || tried - port >= maxPorts || tried >= 65_535)
        throw cannotListen(formatAddress(host, tried), error);
    }
  }
}

/** The port on which a server listens. */
export function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

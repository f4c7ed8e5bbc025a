type Server = ReturnType<typeof Bun.serve>;

/** How many ports are tried, from the one that is wanted on. */
const maxPorts = 100;

/** Serves HTTP at the port, or at the next one that is free. Throws what the system says. */
export function listenNear(
  hostname: string,
  port: number,
  fetch: (request: Request) => Response | Promise<Response>,
): Server {
  for (let tried = port; ; tried++) {
    try {
      return Bun.serve({ hostname, port: tried, fetch, maxRequestBodySize, idleTimeout: idleTimeoutSeconds });
    } catch (error) {
      const isTaken = (error as { code?: string }).code === "EADDRINUSE";
      if (!isTaken || port === 0 || tried - port >= maxPorts || tried >= 65_535) throw error;
    }
  }
}

/** Bytes: a little more than the API takes, so that it can say so itself. */
const maxRequestBodySize = 8 * 1024 * 1024;
const idleTimeoutSeconds = 120;

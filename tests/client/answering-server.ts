/** A server that answers whatever comes with this text, until it is disposed of. */
export function serveAnswer(text: string): Disposable & { readonly url: string } {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(text) });
  return { url: server.url.href, [Symbol.dispose]: () => void server.stop(true) };
}

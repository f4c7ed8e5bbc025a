import { hideSecrets } from "../../client/endpoint.ts";

// The runtime's `fetch` asks the proxy that http_proxy or https_proxy names, unless no_proxy has the host.

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Keeps requests to this machine from a proxy, which would ask itself: as Go's net/http and so the node's own clients
 * do. The runtime reads the variable anew at each request.
 */
export function reachLoopbackDirectly(url: URL, environment: Record<string, string | undefined>): void {
  if (!isLoopback(url.hostname)) return;
  for (const name of ["no_proxy", "NO_PROXY"]) {
    const hosts = environment[name]?.split(",") ?? [];
    if (!hosts.includes(url.hostname)) environment[name] = [...hosts, url.hostname].join(",");
  }
}

/** The proxy through which a URL is asked, without its password, and the variable that names it. */
export function proxyOf(
  url: URL,
  environment: Environment,
): { readonly variable: string; readonly proxy: string } | undefined {
  const lower = `${url.protocol.replace(":", "")}_proxy`;
  const variable = [lower, lower.toUpperCase()].find((name) => environment[name]);
  if (variable === undefined || isExempt(url, environment)) return undefined;
  return { variable, proxy: hideSecrets(environment[variable] ?? "") };
}

function isExempt({ hostname, host }: URL, environment: Environment): boolean {
  if (isLoopback(hostname)) return true;
  const entries = (environment.no_proxy ?? environment.NO_PROXY ?? "").split(",").map((entry) => entry.trim());
  return entries.some(
    (entry) =>
      entry === "*" ||
      entry === hostname ||
      entry === host ||
      (entry !== "" && hostname.endsWith(`.${entry.replace(/^\./, "")}`)),
  );
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

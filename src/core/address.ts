// Addresses as people write them: a host, a port, or both. `--url` and `dev --http` read them here.

/** Where a node listens if nobody says another port, as AvalancheGo has it. */
export const usualPort = 9650;

/** Where a server is. An IPv6 address has no brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A part of an address that is not there is undefined. */
interface PartialAddress {
  readonly host: string;
  readonly port: number | undefined;
}

/** What was read, or why it is no address, for people. */
type Read<T> = { readonly address: T } | { readonly problem: string };

/**
 * Reads HOST:PORT; a port alone, on this machine; or an IP address or localhost alone, at the usual port. Another name
 * needs its port.
 */
export function readAddress(text: string, usual: number = usualPort): Read<Address> {
  const read = readPartialAddress(text);
  if ("problem" in read) return read;
  const { host, port } = read.address;
  if (port !== undefined) return { address: { host, port } };
  const hasUsual = host === "localhost" || host.includes(":") || isIpv4(host);
  return hasUsual ? { address: { host, port: usual } } : { problem: `not HOST:PORT: ${text} has no port` };
}

/** The same where the port may be missing, as behind http://. */
export function readPartialAddress(text: string): Read<PartialAddress> {
  if (/^:?\d+$/.test(text)) return atPort("127.0.0.1", text.replace(":", ""));
  const [, bracketed, afterBracket] = /^\[(.*)\](?::(\d+))?$/.exec(text) ?? [];
  if (bracketed !== undefined) return isIpv6(bracketed) ? atPort(bracketed, afterBracket) : notAddress(text);
  const [, head = "", port = ""] = /^(.+):(\d+)$/.exec(text) ?? [];
  if (!isIpv6(text)) return isHost(head || text) ? atPort(head || text, port || undefined) : notAddress(text);
  return isIpv6(head)
    ? { problem: `it can be read in two ways: write [${head}]:${port} or [${text}]` }
    : { address: { host: text, port: undefined } };
}

function atPort(host: string, digits: string | undefined): Read<PartialAddress> {
  if (digits !== undefined && Number(digits) > 65_535) return { problem: `not HOST:PORT: a port is at most 65535` };
  return { address: { host, port: digits === undefined ? undefined : Number(digits) } };
}

function notAddress(text: string): { readonly problem: string } {
  const isNumber = URL.canParse(`http://${text}`) && /^[\dx.]/i.test(text);
  return { problem: isNumber ? `not HOST:PORT: ${text} is no IPv4 address of four numbers` : "not HOST:PORT" };
}

/** A name, an IPv4 address of four decimal numbers, or an IPv6 address. URLs take 9651 for the address 0.0.37.179. */
function isHost(text: string): boolean {
  if (text.includes(":")) return isIpv6(text);
  const hostname = /[\s/?#@[\]\\]/.test(text) ? undefined : URL.parse(`http://${text}`)?.hostname;
  return hostname !== undefined && (hostname === text || !isIpv4(hostname));
}

function isIpv4(host: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(host);
}

function isIpv6(text: string): boolean {
  return text.includes(":") && URL.canParse(`http://[${text}]`);
}

/** The address as it stands in a URL. */
export function formatAddress(host: string, port: number | undefined): string {
  const written = host.includes(":") ? `[${host}]` : host;
  return port === undefined ? written : `${written}:${port}`;
}

import type { Element } from "../../../gen/http/http_pb.ts";

/**
 * Gives each client a name, so that clients can share limited room. It is from the header that the operator's proxy
 * sets, else the address that the node passes on (http.HTTP/Handle only), else the node's connection, common to all
 * others.
 */
export class CallerNames {
  readonly #nameByConnection = new WeakMap<object, string>();
  #connections = 0;

  /** `address` is `host:port` or "", `clientHeader` the header's name or "". */
  of(connection: object, address: string, headers: readonly Element[], clientHeader: string): string {
    return readClient(headers, clientHeader) ?? networkOf(address) ?? this.#nameOf(connection);
  }

  #nameOf(connection: object): string {
    const known = this.#nameByConnection.get(connection);
    if (known !== undefined) return known;
    const name = `connection ${++this.#connections}`;
    this.#nameByConnection.set(connection, name);
    return name;
  }
}

/** The nearest proxy has added the last value. Anyone may have written those before it. */
function readClient(headers: readonly Element[], name: string): string | undefined {
  if (name === "") return undefined;
  const wanted = name.toLowerCase();
  const value = headers.findLast(({ key }) => key.toLowerCase() === wanted)?.values.at(-1);
  const client = value?.split(",").at(-1)?.trim() ?? "";
  return client === "" ? undefined : networkOf(client.slice(0, maxClientLength));
}

/** Characters of a header's value that count as the name. */
const maxClientLength = 64;

/** An address without its port; of an IPv6 address only the first 64 bits, since one client may have all the others. */
function networkOf(address: string): string | undefined {
  const host = /^\[(.*)\]:\d+$/.exec(address)?.[1] ?? address.replace(/^([^:]*):\d+$/, "$1");
  if (host === "") return undefined;
  return host.includes(":") ? firstHalf(host) : host;
}

/** The first 64 bits of an IPv6 address in Go's form: `::` means zeros, and `::ffff:1.2.3.4` is an IPv4 address. */
function firstHalf(host: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(host)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = "", tail] = host.split("::");
  const groups = head === "" ? [] : head.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === "" ? 0 : tail.split(":").length);
  return `${[...groups, ...Array<string>(Math.max(0, missing)).fill("0")].slice(0, 4).join(":")}::/64`;
}

import { formatAddress, readAddress, readPartialAddress } from "../../core/address.ts";

/** The URL of the API, or why the text is none, for people. */
type ReadUrl = { readonly url: string; readonly isNode: boolean } | { readonly problem: string };

/**
 * Reads what a person gives for a chain: the URL of the API, with /rpc or without, or of the page; or only the node's
 * address, which may stand without http://. `isNode`: that is all, and the URL is that of a development chain there.
 */
export function readChainUrl(text: string): ReadUrl {
  const [, scheme, user = "", authority = "", rest = ""] = parts.exec(text) ?? [];
  if (authority === "" || (scheme !== undefined && !/^https?:\/\/$/i.test(scheme))) return notHttp;
  if (rest.includes("@") || user.includes("\\")) return unclear;
  const read = scheme === undefined ? readAddress(authority) : readPartialAddress(authority);
  if ("problem" in read) return read;
  const { host, port } = read.address;
  if (port === 0) return { problem: "no server has port 0" };
  const url = URL.parse(`${scheme ?? "http://"}${user}${formatAddress(host, port)}${rest}`);
  if (url === null) return notHttp;
  const isNode = /^\/*$/.test(url.pathname);
  return { url: toApi(url).href, isNode };
}

/** A scheme, a user with a password, an address, and the rest. */
const parts = /^([a-z][a-z0-9+.-]*:\/\/)?((?:[^/?#]*@)?)([^/?#]*)(.*)$/is;

const notHttp = { problem: "not an HTTP URL" };
/** The host would be a part of the password, or the user's name. Parsers of URLs take \ as /. */
const unclear = { problem: "in a password, write # ? / \\ @ as %23 %3F %2F %5C %40" };

/** What the page has in its URL is about the page. Another query may be a key, and stays. */
function toApi(url: URL): URL {
  const path = url.pathname.replace(/\/+$/, "");
  url.hash = "";
  if (path.endsWith("/explorer")) for (const name of pageParams) url.searchParams.delete(name);
  url.pathname = path === "" ? "/ext/bc/timestampvm/rpc" : `${path.replace(/\/(rpc|explorer)$/, "")}/rpc`;
  return url;
}

const pageParams = ["block", "height", "digest", "q", "from"];

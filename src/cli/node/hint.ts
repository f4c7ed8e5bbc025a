import type { NoAnswer } from "../../client/no-answer.ts";

// What to try when a server gives no answer: one hint for each cause.

/** Where the URL of a chain may be given beside `--url`. */
export const urlVariable = "TIMESTAMPVM_URL";

/** What to try after a call without an answer. */
export function hintFor(failure: NoAnswer): string {
  switch (failure.code) {
    case "unreachable":
      return hintByCause.get(failure.cause) ?? howToReach;
    case "redirect":
      return failure.location === "" ? howToName : `If you trust it, give that URL in --url or ${urlVariable}.`;
    case "http status":
      return isTlsPort(failure) ? speakTls : (hintByStatus.get(failure.status) ?? hintByClass(failure.status));
    case "no json-rpc":
      return howToName;
  }
}

/** After a failure of a request that went through a proxy. */
export function proxyHint({ variable, proxy }: { readonly variable: string; readonly proxy: string }, host: string) {
  const asked = `It was asked through the proxy ${proxy}, which ${variable} names`;
  return `${asked}: is that right? NO_PROXY=${host} goes without it.`;
}

/** Whether a proxy rather than the server may be the reason. */
export function mayBeProxy(failure: NoAnswer): boolean {
  if (failure.code === "unreachable") return !/CERT|SIGN|ISSUER/.test(failure.cause);
  return failure.code === "http status" && [403, 407, 502, 503, 504].includes(failure.status);
}

/** Whether a node may know more: it has no such chain, or the chain has failed. */
export function mayNodeKnow(failure: NoAnswer): boolean {
  return failure.code === "http status" && (failure.status === 404 || failure.status >= 500);
}

const howToReach =
  `Nothing is there, or it is not up yet. \`timestampvm dev\` starts a development chain;\n` +
  `--url or ${urlVariable} names another one: http://HOST:PORT/ext/bc/CHAIN`;

/** For an answer of something else. */
export const howToName =
  `Is that the chain's URL? It is like http://HOST:PORT/ext/bc/CHAIN, in --url or ${urlVariable}.\n` +
  `A node answers for a chain only while it tracks its subnet, and refuses until the chain is bootstrapped.`;

/** For a server that is silent. */
export const silent =
  "Something took the request and is silent: is it a node, and is it busy? Its /ext/health says more.";

const speakTls = "The server speaks TLS there: give https:// instead of http://.";
const unknownSigner =
  "Nobody whom this machine trusts has signed the server's certificate. If you trust it, name a file with it, or\n" +
  "with its signer's, in PEM: NODE_EXTRA_CA_CERTS=FILE";

const noRoute = "This machine knows no way to the host: is it up, and in a network that this machine reaches?";

/** By the codes of the runtime. */
const hintByCause: ReadonlyMap<string, string> = new Map([
  ["ENOTFOUND", "No host of this name is known: is it spelled right, and does this machine reach its name server?"],
  ["EAI_AGAIN", "No name server answers: is this machine connected?"],
  ["ETIMEDOUT", "The host does not answer: is it up, and does a firewall keep the port?"],
  ["EHOSTUNREACH", noRoute],
  ["ENETUNREACH", noRoute],
  [
    "ECONNRESET",
    "Something is there, and ends the connection: does it speak TLS (https://), or another protocol than HTTP?",
  ],
  ["EPROTO", "Something is there, and does not speak TLS: give http:// instead of https://, or another port."],
  ["Malformed_HTTP_Response", "Something is there, and does not speak HTTP: is that the port?"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", unknownSigner],
  ["SELF_SIGNED_CERT_IN_CHAIN", unknownSigner],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", unknownSigner],
  ["UNABLE_TO_GET_ISSUER_CERT", unknownSigner],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", unknownSigner],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "The server's certificate is for another host: give the host that it names."],
  ["CERT_HAS_EXPIRED", "The server's certificate has expired, or this machine's clock is wrong."],
  ["CERT_NOT_YET_VALID", "The server's certificate is not valid yet, or this machine's clock is wrong."],
]);

const gateway = "A gateway is there, and gets no answer from the node behind it: is the node up?";

const hintByStatus: ReadonlyMap<number, string> = new Map([
  [401, "The server wants to know who asks: give http://NAME:PASSWORD@HOST, or the key of your provider."],
  [403, "The server does not allow this: a node by its --http-allowed-hosts, a gateway by a password or key."],
  [407, "A proxy wants to know who asks: give http://NAME:PASSWORD@HOST in http_proxy or https_proxy."],
  [429, "The server takes no more requests of yours for now: try again later."],
  [502, gateway],
  [
    503,
    "It cannot answer now: it is busy, or its chain is not bootstrapped. Try again later; its /ext/health says more.",
  ],
  [504, gateway],
]);

function hintByClass(status: number): string {
  return status >= 500 ? "The server has failed: its log and a node's /ext/health say why." : howToName;
}

/** What servers in Go, nginx and Apache answer to plain HTTP at a port of TLS has one of these words. */
function isTlsPort({ status, text }: { readonly status: number; readonly text: string }): boolean {
  return status === 400 && /\bhttps\b|\bSSL\b/i.test(text);
}

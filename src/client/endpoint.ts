/** A server as `fetch` and people take it. */
export interface Endpoint {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The URL for an error: a secret of its owner is not in it. */
  readonly shown: string;
}

/** Takes the name and password out of a URL, and into a header: browsers refuse them in a URL. */
export function endpointOf(text: string): Endpoint {
  const shown = hideSecrets(text);
  if (!/^https?:\/\/[^/?#]*@/i.test(text) || !URL.canParse(text)) return { url: text, headers: {}, shown };
  const url = new URL(text);
  const credentials = new TextEncoder().encode(`${decode(url.username)}:${decode(url.password)}`);
  url.username = "";
  url.password = "";
  return { url: url.href, headers: { Authorization: `Basic ${btoa(String.fromCharCode(...credentials))}` }, shown };
}

/** A name with a percent sign of its own stays as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * A URL as it may be printed. Its password is hidden, and so is a user name alone, which may be a token, and the query,
 * where keys are. Takes any text, since a URL with a mistake has the same secrets: where an @ stands behind a ? or #, a
 * password may have those, and what seems to be the host may be a part of it.
 */
export function hideSecrets(url: string): string {
  if (/[?#].*@/s.test(url)) return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*$/is, (_, scheme = "") => `${scheme}***`);
  return url
    .replace(/[?#].*$/s, (rest) => (rest.startsWith("?") ? "?***" : ""))
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)?(?:([^:@/]*:))?.*@/is, (_, scheme = "", user = "") => `${scheme}${user}***@`);
}

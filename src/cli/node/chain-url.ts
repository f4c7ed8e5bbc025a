/** The URL of the API that a person means by a URL, with /rpc or without, or by a host alone. Undefined for no URL. */
export function parseChainUrl(text: string): string | undefined {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  const path = url.pathname.replace(/\/+$/, "");
  if (path === "") url.pathname = "/ext/bc/timestampvm/rpc";
  else url.pathname = path.endsWith("/rpc") ? path : `${path}/rpc`;
  return url.href;
}

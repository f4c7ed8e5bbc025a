/** The URL of the API for what a person gives: a URL with /rpc or without, or only a host. Undefined for others. */
export function parseChainUrl(text: string): string | undefined {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  const path = url.pathname.replace(/\/+$/, "");
  if (path === "") url.pathname = "/ext/bc/timestampvm/rpc";
  else url.pathname = path.endsWith("/rpc") ? path : `${path}/rpc`;
  return url.href;
}

/** Bytes of a calendar's address in a proof (python-opentimestamps 0.4.5, core/notary.py). */
const maxUriBytes = 1_000;

/**
 * Reads the address that goes into proofs, for ever: http or https, a host and maybe a port, and no path, since clients
 * disagree about what a path is for. Gives why it is none, for people.
 */
export function readUri(text: string): { readonly uri: string } | { readonly problem: string } {
  const uri = text.replace(/\/$/, "");
  if (!/^https?:\/\/[a-z\d][a-z\d.-]*(:\d{1,5})?$/i.test(uri) || !URL.canParse(uri))
    return { problem: "not http:// or https:// and a host name, without a path" };
  return uri.length > maxUriBytes ? { problem: `it has more than ${maxUriBytes} characters` } : { uri };
}

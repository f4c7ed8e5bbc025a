import { type Id, idFromBytes } from "./id.ts";

/** The id of a VM is its name, filled up with zeros to 32 bytes. Undefined for a longer name. */
export function vmIdFromName(name: string): Id | undefined {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length > 32) return undefined;
  const padded = new Uint8Array(32);
  padded.set(bytes);
  return idFromBytes(padded);
}

import { type Id, idFromShortBytes } from "./id.ts";

/** The id of a VM is its name, padded with zeros to 32 bytes. Undefined for a longer name. */
export function vmIdFromName(name: string): Id | undefined {
  const bytes = new TextEncoder().encode(name);
  return bytes.length > 32 ? undefined : idFromShortBytes(bytes);
}

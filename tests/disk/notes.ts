import { type Id, idFromBytes, idToBytes } from "../../src/avalanche/id.ts";
import type { HeadMarker } from "../../src/vm/rewind.ts";

// What a recorded process says of itself, one line each, between what it does to its files.

/** What it has told others by then. */
export interface Said {
  /** The proposals that clients had an answer for. */
  readonly taken: readonly string[];
  /** The newest block that clients were shown. */
  readonly shown: { readonly height: bigint; readonly id: Id } | undefined;
  /** All that was written into the node's database, the oldest first. */
  readonly markers: readonly HeadMarker[];
}

export const nothingSaid: Said = { taken: [], shown: undefined, markers: [] };

export function takenNote(text: string): string {
  return `taken ${text}`;
}

export function shownNote(height: bigint, id: Id): string {
  return `shown ${height} ${idToBytes(id).toHex()}`;
}

export function markerNote({ instanceId, height, id }: HeadMarker): string {
  return `marker ${height} ${idToBytes(id).toHex()} ${instanceId.toHex()}`;
}

export function addNote(said: Said, line: string): Said {
  const [kind, first = "", second = "", third = ""] = line.split(" ");
  const id = () => idFromBytes(Uint8Array.fromHex(second));
  if (kind === "taken") return { ...said, taken: [...said.taken, first] };
  if (kind === "shown") return { ...said, shown: { height: BigInt(first), id: id() } };
  if (kind !== "marker") return said;
  return {
    ...said,
    markers: [...said.markers, { instanceId: Uint8Array.fromHex(third), height: BigInt(first), id: id() }],
  };
}

import type { BlockReader } from "../../store/block-reader.ts";
import { storedIdOf } from "../../store/reencoded.ts";
import { type ExportLine, newestVersion } from "./export-lines.ts";
import { LineCounts } from "./line-counts.ts";

/** Gives the lines of an export of the newest version. Holds two blocks at a time. Throws "database failed". */
export function* exportedLines(reader: BlockReader, lastHeight: bigint): Generator<ExportLine, void> {
  const counts = new LineCounts();
  for (const line of linesBeforeEnd(reader, lastHeight)) {
    counts.add(line);
    yield line;
  }
  yield counts.endLine();
}

function* linesBeforeEnd(reader: BlockReader, lastHeight: bigint): Generator<ExportLine, void> {
  yield {
    type: "chain",
    version: newestVersion,
    instanceId: reader.readInstanceId().toHex(),
    genesis: reader.expectBlockAtHeight(0n).id,
    lastAccepted: reader.lastAccepted().id,
    height: lastHeight,
  };
  for (const { block, firstSight } of reader.records(0n, lastHeight)) {
    const { height, id, bytes } = block;
    yield {
      type: "block",
      height,
      id,
      storedId: storedIdOf(block),
      seen: firstSight?.ms,
      seenBy: firstSight?.node,
      bytes,
    };
  }
  for (const { since, peer, data } of reader.proposals.readAll()) yield { type: "proposal", since, peer, data };
  for (const { root, secret, leaves } of reader.trees.readAll()) yield { type: "tree", root, secret, leaves };
  for (const { height, pChainHeight, signatures } of reader.attestations.readAll()) {
    yield { type: "attestation", height, pChainHeight, signatures };
  }
}

/** The line in the form of version 1; undefined if that version has no such lines. */
export function inFirstVersion(line: ExportLine): ExportLine | undefined {
  switch (line.type) {
    case "chain":
      return { ...line, version: 1n };
    case "block":
      return { ...line, seen: undefined, seenBy: undefined };
    case "proposal":
      return line;
    case "tree":
    case "attestation":
      return undefined;
    case "end":
      return { ...line, trees: undefined, attestations: undefined };
  }
}

import { countOf, joinWords } from "../../core/format.ts";
import type { EndLine, ExportLine } from "./export-lines.ts";

/** Counts the lines of an export, and the first sights in them. */
export class LineCounts {
  #blocks = 0n;
  #firstSights = 0n;
  #proposals = 0n;
  #trees = 0n;
  #attestations = 0n;

  add(line: ExportLine): void {
    if (line.type === "block") this.#blocks++;
    if (line.type === "block" && line.seen !== undefined) this.#firstSights++;
    if (line.type === "proposal") this.#proposals++;
    if (line.type === "tree") this.#trees++;
    if (line.type === "attestation") this.#attestations++;
  }

  /** The last line of an export that has these lines. */
  endLine(): EndLine {
    return {
      type: "end",
      blocks: this.#blocks,
      proposals: this.#proposals,
      trees: this.#trees,
      attestations: this.#attestations,
    };
  }

  /** "6 blocks and 2 proposals". Trees and attestations are named if there are any. */
  describe(): string {
    const more = presentOf([this.#trees, "tree"], [this.#attestations, "attestation"]);
    return joinWords([countOf(this.#blocks, "block"), countOf(this.#proposals, "proposal"), ...more]);
  }

  /** "1 tree": what is counted here but not in `written`; "" for nothing. */
  describeMissing(written: LineCounts): string {
    return joinWords(
      presentOf(
        [this.#firstSights - written.#firstSights, "first sight"],
        [this.#trees - written.#trees, "tree"],
        [this.#attestations - written.#attestations, "attestation"],
      ),
    );
  }
}

function presentOf(...counts: readonly (readonly [count: bigint, noun: string])[]): string[] {
  return counts.filter(([count]) => count > 0n).map(([count, noun]) => countOf(count, noun));
}

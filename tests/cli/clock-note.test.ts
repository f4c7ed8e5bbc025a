import { expect, test } from "bun:test";
import { describeClock } from "../../src/cli/node/clock-note.ts";

const asked = { fromMs: 1_000_000, toMs: 1_010_500 };

test.each([
  [940n, undefined],
  [939n, "it was asked for at 1970-01-01T00:16:40Z"],
  [1_071n, undefined],
  [1_072n, "it was there at 1970-01-01T00:16:51Z"],
])("a block of %d that was asked for from 1000 s to 1010.5 s", (timestamp, words) => {
  const note = describeClock(timestamp, asked);
  if (words === undefined) expect(note).toBeUndefined();
  else expect(note).toContain(words);
});

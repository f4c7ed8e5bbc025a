import { expect, test } from "bun:test";
import { Running } from "./running.ts";
import { comparable, documents, fencedIn, readDocument, root, stepsIn } from "./sessions.ts";

const shown = documents.flatMap((path) =>
  fencedIn(readDocument(path))
    .filter(({ info }) => info === "console network")
    .flatMap(stepsIn),
);

// It needs Go: `make node-test` sets the variable.
test.skipIf(process.env.TUTORIAL === undefined).each(shown.map(({ command, output }) => [command, output] as const))(
  "%s starts what the documents show, and leaves nothing behind",
  async (command, output) => {
    await using running = new Running(command, root);
    const lines = comparable(await running.line(/Ctrl-C/));
    expect(lines).toContain(comparable(output));
    expect(await running.end()).toContain("Stopped. Nothing is left behind.");
  },
  30 * 60_000,
);

import { expect, test } from "bun:test";
import fc from "fast-check";
import { runs } from "../support/runs.ts";
import { memoryDirectory } from "../support/temporary.ts";
import { type Action, kinds, World } from "./world.ts";

const numRuns = runs(150, 5_000);

const action: fc.Arbitrary<Action> = fc.record({
  kind: fc.constantFrom(...kinds),
  pick: fc.nat(10_000),
  twist: fc.nat(10_000),
});

test("through any history, restarts with any marker included, the VM is what its model is", () => {
  using directory = memoryDirectory();
  let count = 0;
  fc.assert(
    fc.property(fc.array(action, { minLength: 1, maxLength: 120, size: "max" }), (actions) => {
      const world = new World(directory.file(`${count++}.db`));
      for (const next of actions) world.run(next);
      world.finish();
    }),
    { numRuns },
  );
  expect(count).toBeGreaterThanOrEqual(numRuns);
});

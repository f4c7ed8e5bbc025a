// Fuzzing goes by rounds, each with a seed of its own. Ordinary runs make the same few rounds every time.
// FUZZ_SECONDS=n goes on for n seconds in each test, from a seed of the moment; FUZZ_SEED=n starts at that one.

const { FUZZ_SECONDS, FUZZ_SEED } = process.env;

/** What a test file with rounds must set. */
export const roundsTimeoutMs = (Number(FUZZ_SECONDS ?? 0) + 300) * 1_000;

export interface Rounds {
  /** How many an ordinary run makes. */
  readonly short: number;
  readonly round: (seed: number) => void | Promise<void>;
}

/** Runs the rounds. Throws the first failure, with the seed that repeats it. */
export async function runRounds({ short, round }: Rounds): Promise<void> {
  const { first, goesOn } = plan(short);
  let seed = first;
  for (; goesOn(seed - first); seed++) {
    try {
      await round(seed);
    } catch (error) {
      throw new Error(`failed with FUZZ_SEED=${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
  if (FUZZ_SECONDS !== undefined) process.stderr.write(`${seed - first} rounds, seeds ${first} to ${seed - 1}\n`);
}

/** Which seed is the first, and whether there is another round after so many. */
function plan(short: number): { readonly first: number; readonly goesOn: (done: number) => boolean } {
  if (FUZZ_SECONDS === undefined) return { first: Number(FUZZ_SEED ?? 1), goesOn: (done) => done < short };
  const endAtMs = performance.now() + Number(FUZZ_SECONDS) * 1_000;
  return {
    first: Number(FUZZ_SEED ?? Date.now() % 2 ** 31),
    goesOn: (done) => done === 0 || performance.now() < endAtMs,
  };
}

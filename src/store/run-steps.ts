/** Runs all steps of a generator in one turn, and calls `onStep` with each yielded value. Gives its result. */
export function runSteps<Step, Made>(steps: Generator<Step, Made>, onStep?: (step: Step) => void): Made {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    onStep?.(step.value);
  }
}

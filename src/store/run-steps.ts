/** Runs all steps of a piece of work in one turn, with what each yields. Gives what they end with. */
export function runSteps<Step, Made>(steps: Generator<Step, Made>, onStep: (step: Step) => void = () => {}): Made {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    onStep(step.value);
  }
}

import { CommandFailed, failed, notYet } from "./command-failed.ts";

/** A proof has a verdict, and nothing else can be said of it but a problem. */
export class ProofProblem extends CommandFailed {
  readonly verdict: keyof typeof exitCodes;

  constructor(verdict: keyof typeof exitCodes, problem: string) {
    super(problem, exitCodes[verdict]);
    this.verdict = verdict;
  }
}

const exitCodes = { "does not hold": failed, "cannot tell yet": notYet } as const;

import { stackOf, textOf } from "../avalanche/coded-error.ts";
import type { Log } from "../log.ts";
import type { AskedChain } from "../vm/chain-view.ts";
import { vmRefusalOf } from "../vm/refusal.ts";
import type { Answer, Outcome, Question } from "./messages.ts";

/** Answers a question of the clients' thread. Runs on the thread of consensus. */
export async function answerQuestion(chain: AskedChain, question: Question, log: Log): Promise<Answer> {
  switch (question.type) {
    case "propose": {
      const propose = async () => (await chain.propose(question.batch)).map((error) => error?.refusal);
      return { type: "propose", outcome: await outcomeOf(propose, log) };
    }
    case "undecided": {
      const look = () => Promise.all(question.digests.map((digest) => chain.undecided(digest)));
      return { type: "undecided", outcome: await outcomeOf(look, log) };
    }
    case "status":
      return { type: "status", outcome: await outcomeOf(async () => chain.status(), log) };
  }
}

async function outcomeOf<T>(work: () => Promise<T>, log: Log): Promise<Outcome<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    const refusal = vmRefusalOf(error);
    if (refusal !== undefined) return { refusal };
    log.error("clients not answered", { error: stackOf(error) });
    return { bug: textOf(error) };
  }
}

import { type Awaitable, andThen } from "../avalanche/awaitable.ts";
import type { Caller } from "../vm/caller.ts";
import { LimitError } from "../vm/limit-error.ts";
import { type Answered, answerOne, idOf, isNotification, type Methods, refuse, textIfWanted } from "./request.ts";

/** Characters of the answers to a batch, after which nothing more is begun or read for it. */
export const maxBatchAnswerLength = 4 * 1024 * 1024;
/** Characters of an answer for which a batch holds room before it begins: that of each call that changes anything. */
export const smallAnswerLength = 1_024;

/**
 * Begins the requests in their order, and does not wait for one before the next; other callers come between. When their
 * answers are too large, those to notifications among them, or there is no room for them beside those of others, no
 * more are begun, and reads that are not done yet are given up; what was proposed by then is answered all the same.
 */
export async function answerBatch(methods: Methods, requests: unknown[], whole: Caller): Promise<string | undefined> {
  if (!whole.holdAnswer(requests.length * smallAnswerLength)) return refuse(null, "too many answers");
  const full = new AbortController();
  const caller = whole.until(AbortSignal.any([whole.signal, full.signal]));
  const answers: Awaitable<string | undefined>[] = [];
  let length = 0;
  const count = ({ text, isWanted }: Answered, id: unknown) => {
    length += text.length;
    const isRoom = text.length <= smallAnswerLength || whole.holdAnswer(text.length);
    if (length >= maxBatchAnswerLength || !isRoom) full.abort(new LimitError({ code: "answers too large" }));
    return textIfWanted(isRoom ? { text, isWanted } : { text: refuse(id, "answers too large"), isWanted });
  };
  const begin = (request: unknown) => {
    const id = idOf(request) ?? null;
    if (full.signal.aborted)
      return textIfWanted({ text: refuse(id, "answers too large"), isWanted: !isNotification(request) });
    return andThen(answerOne(methods, request, caller), (answered) => count(answered, id));
  };
  for (const i of requests.keys()) {
    const othersTurn = whole.pause();
    if (othersTurn !== undefined) await othersTurn;
    answers.push(begin(requests[i]));
    requests[i] = undefined; // some wait long, and need not keep what the others brought
  }
  return joinAnswers(await Promise.all(answers));
}

function joinAnswers(answers: readonly (string | undefined)[]): string | undefined {
  const given = answers.filter((answer) => answer !== undefined);
  return given.length === 0 ? undefined : `[${given.join(",")}]`;
}

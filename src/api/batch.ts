import { type Awaitable, andThen } from "../avalanche/awaitable.ts";
import type { Caller } from "../vm/caller.ts";
import { LimitError } from "../vm/limit-error.ts";
import { type Answered, answerOne, idOf, isNotification, type Methods, refuse, textIfWanted } from "./request.ts";

/** Characters of the answers to a batch. Beyond this, no more requests of it are begun. */
export const maxBatchAnswerLength = 4 * 1024 * 1024;
/** A batch holds room for so many characters for the answer to each call that changes anything, before it begins. */
export const smallAnswerLength = 1_024;

/**
 * Begins the requests in order, and does not wait for one before the next. Other callers have turns in between. If the
 * answers are too large (those to notifications count), or there is no room for them now, no more requests are begun,
 * and unfinished reads are given up. Proposals that were taken by then are answered all the same.
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
    requests[i] = undefined; // free its memory: other requests may wait long
  }
  return joinAnswers(await Promise.all(answers));
}

function joinAnswers(answers: readonly (string | undefined)[]): string | undefined {
  const given = answers.filter((answer) => answer !== undefined);
  return given.length === 0 ? undefined : `[${given.join(",")}]`;
}

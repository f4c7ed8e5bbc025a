import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { messageOf } from "../avalanche/coded-error.ts";
import { formatExactJson } from "../core/exact-json.ts";
import { Answers, type AnswersParts } from "./answers.ts";
import { type AnswerLine, type Done, type Failed, readAsked } from "./messages.ts";
import { listenIn } from "./socket-file.ts";

/** The most bytes of a request's body: a path and some words. */
export const maxAskedBytes = 16 * 1024;
/** The most requests that may be unanswered at a time. */
export const maxOpenRequests = 4;
/** The most milliseconds that `close` waits for open requests. The thread of a backup may be stuck in the system. */
const endMs = 1_000;

/** The operator's access to a running chain, for what no client may do. */
export interface Door {
  /** Ends the door and its open requests. Call it before the database is closed. */
  readonly close: () => Promise<void>;
}

/**
 * Opens the operator's door in the directory of the chain's database: see `listenIn`. Never rejects: if it fails, the
 * chain runs without a door, and the log says why.
 */
export async function openDoor(parts: AnswersParts): Promise<Door> {
  const answers = new Answers(parts);
  const ended = new AbortController();
  const open = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    if (open.size === maxOpenRequests) return refuse(response, "too many requests are unanswered: try again later");
    const answering = answerRequest(answers, request, response, ended.signal).finally(() => open.delete(answering));
    open.add(answering);
  });
  let remove = () => {};
  try {
    remove = await listenIn(dirname(parts.file), server);
  } catch (error) {
    parts.log.warn("no operator's socket", { error: messageOf(error) });
  }
  return {
    close: async () => {
      remove();
      server.close();
      ended.abort(new Error("the chain ends"));
      await Promise.race([Promise.all(open), setTimeout(endMs)]);
      server.closeAllConnections();
    },
  };
}

async function answerRequest(
  answers: Answers,
  request: IncomingMessage,
  response: ServerResponse,
  ended: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  const leave = () => gone.abort(new Error("nobody waits for the answer any more"));
  response.on("close", leave);
  response.on("error", leave);
  const signal = AbortSignal.any([gone.signal, ended]);
  const write = async (lines: readonly AnswerLine[]) => {
    signal.throwIfAborted();
    if (!response.write(lines.map(toLine).join(""))) await once(response, "drain", { signal });
  };
  try {
    const asked = readAsked(await readBody(request));
    if (asked === undefined) return refuse(response, "this is nothing that can be asked here");
    response.writeHead(200, jsonLines);
    response.end(toLine(await answers.answer(asked, { write, signal })));
  } catch (error) {
    refuse(response, messageOf(error));
  }
}

/** Rejects for more than `maxAskedBytes`. */
async function readBody(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += chunk;
    if (text.length > maxAskedBytes) throw new Error(`a request has at most ${maxAskedBytes} bytes`);
  }
  return text;
}

/** Ends the answer with an error: as status 400, or, if the answer has begun already, only as its last line. */
function refuse(response: ServerResponse, error: string): void {
  if (!response.headersSent) response.writeHead(400, { ...jsonLines, Connection: "close" });
  response.end(toLine({ error }));
}

function toLine(line: AnswerLine | Done | Failed): string {
  return `${formatExactJson(line)}\n`;
}

const jsonLines = { "Content-Type": "application/jsonl" };

import { CodedError, codeOf, messageOf } from "../avalanche/coded-error.ts";
import { formatExactJson } from "../core/exact-json.ts";
import { type AnswerLine, type Asked, type Done, readAnswer } from "./messages.ts";
import { pointerName, readPointer } from "./socket-file.ts";

/** Why an operator got no answer. */
export type OperatorRefusal =
  | { readonly code: "no door"; readonly directory: string; readonly problem: string }
  | { readonly code: "refused"; readonly problem: string };

/** The process that runs a chain was not reached, or refused the request. */
export class OperatorError extends CodedError<OperatorRefusal> {
  override readonly name = "OperatorError";

  constructor(refusal: OperatorRefusal) {
    super(refusal, describe(refusal));
  }
}

function describe(refusal: OperatorRefusal): string {
  if (refusal.code === "refused") return refusal.problem;
  return `${refusal.directory}: the process that runs this chain was not reached: ${refusal.problem}`;
}

/**
 * Asks the process that runs the chain of a chain data directory. `onLine` gets each line of the answer except the last
 * one, which is the result. Rejects with "no door" or "refused", or with what `onLine` throws.
 */
export async function askOperated(
  directory: string,
  asked: Asked,
  onLine: (line: AnswerLine) => void = () => {},
): Promise<Done> {
  const response = await connect(directory, asked);
  try {
    for await (const text of linesOf(response.body ?? [])) {
      const line = readAnswer(text);
      if (line === undefined) throw new OperatorError({ code: "refused", problem: "its answer is malformed" });
      if ("error" in line) throw new OperatorError({ code: "refused", problem: line.error });
      if (!isLast(line)) onLine(line);
      else return line;
    }
  } catch (error) {
    if (!/^(ECONN|ConnectionClosed)/.test(codeOf(error))) throw error;
  }
  throw new OperatorError({ code: "refused", problem: "it ended before it had answered" });
}

async function connect(directory: string, asked: Asked): Promise<Response> {
  const path = findSocket(directory);
  try {
    return await fetch("http://operator/", {
      unix: path,
      method: "POST",
      body: formatExactJson(asked),
      timeout: false,
    });
  } catch (error) {
    const code = codeOf(error);
    const isGone = code === "ECONNREFUSED" || code === "FailedToOpenSocket" || code === "ENOENT";
    const reason = isGone ? "nothing answers there: it has ended, or it runs as another user" : messageOf(error);
    const problem = `${path}: ${reason}`;
    throw new OperatorError({ code: "no door", directory, problem });
  }
}

function findSocket(directory: string): string {
  try {
    return readPointer(directory);
  } catch (error) {
    const cure =
      codeOf(error) === "ENOENT"
        ? `there is no file ${pointerName}: no timestampvm runs this chain, or an older version runs it, ` +
          "or it is upgrading the database"
        : `${messageOf(error)}: run this command as the user who runs the node`;
    throw new OperatorError({ code: "no door", directory, problem: cure });
  }
}

function isLast(line: AnswerLine | Done): line is Done {
  return "listed" in line || "cleared" in line || "promised" in line || "backup" in line;
}

async function* linesOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

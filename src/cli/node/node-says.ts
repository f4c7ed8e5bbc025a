import { isJsonObject } from "../../core/exact-json.ts";
import { escapeLine } from "../../core/printable.ts";
import { howToName } from "./hint.ts";
import { type ChainNode, callNode, fetchObject, type NodeQuestion } from "./node-api.ts";

/**
 * Asks a node why its chain gives no answer: whether it has the chain, and what its health says. Gives lines for
 * people; undefined if the node says nothing of use. Rejects only by its signal.
 */
export async function nodeSays(node: ChainNode, signal: AbortSignal): Promise<string | undefined> {
  const question = { maxBytes: maxAnswerBytes, signal };
  const [state, failures] = await Promise.all([askState(node, question), askHealth(node, question)]);
  const lines = [...state, ...failures];
  return lines.length === 0 ? undefined : lines.join("\n");
}

/** Milliseconds that a node may take to say why. */
export const nodeSaysMs = 5_000;
/** Bytes of one answer: the health of a node with many chains has tens of thousands. */
const maxAnswerBytes = 1024 * 1024;
/** Failures of health that are shown. */
const maxFailures = 3;
/** Characters of each. */
const maxShownLength = 300;

async function askState({ chain, at }: ChainNode, question: NodeQuestion): Promise<readonly string[]> {
  const answer = await callNode(at("/ext/info"), "info.isBootstrapped", { chain }, question);
  if (answer === undefined) return [];
  if ("refusal" in answer) return [`The node says: ${show(answer.refusal)}`, howToName];
  if (answer.result.isBootstrapped !== false) return [];
  return ["The node says that the chain is not bootstrapped: try again later."];
}

/** The failures that the health of a node names, those of the chain first. */
async function askHealth({ chain, at }: ChainNode, question: NodeQuestion): Promise<readonly string[]> {
  const health = await fetchObject(at("/ext/health"), { method: "GET" }, question);
  if (!isJsonObject(health?.checks)) return [];
  const failures = Object.entries(health.checks).flatMap(([name, check]) => {
    const problem = isJsonObject(check) ? check.error : undefined;
    return typeof problem === "string" ? [{ name, problem }] : [];
  });
  const shown = failures
    .toSorted((one, other) => Number(other.name === chain) - Number(one.name === chain))
    .slice(0, maxFailures);
  const lines = shown.map(({ name, problem }) => `The node's health says: ${show(`${name}: ${problem}`)}`);
  return shown.some(({ name, problem }) => name === chain && isPluginGone(problem)) ? [...lines, pluginGone] : lines;
}

/** What gRPC says to the node when nobody listens where the plugin did (its status UNAVAILABLE). */
function isPluginGone(problem: string): boolean {
  return problem.includes("code = Unavailable");
}

const pluginGone =
  "So the chain's plugin has ended: the node's log says why, and a restart of the node starts it again.";

/** Other people's text, on one line. */
function show(text: string): string {
  return escapeLine(text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text);
}

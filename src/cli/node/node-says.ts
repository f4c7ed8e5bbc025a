import { isJsonObject } from "../../core/exact-json.ts";
import { escapeLine } from "../../core/printable.ts";
import { howToName } from "./hint.ts";
import { type ChainNode, callNode, fetchObject } from "./node-api.ts";

/**
 * Asks a node why its chain gives no answer: whether it has the chain, and what its health says. Gives lines for
 * people; undefined if the node says nothing of use. Rejects only by its signal.
 */
export async function nodeSays(node: ChainNode, signal: AbortSignal): Promise<string | undefined> {
  const [{ words, hasChain }, health] = await Promise.all([askState(node, signal), askHealth(node, signal)]);
  const hint = hasChain || health.isAboutChain ? [] : [howToName];
  const lines = [...words, ...hint, ...health.words];
  return lines.length === 0 ? undefined : lines.join("\n");
}

/** Milliseconds that a node may take to say why. */
export const nodeSaysMs = 5_000;
/** Bytes of one answer: the health of a node with many chains has tens of thousands. */
const maxAnswerBytes = 1024 * 1024;
/** Failures of health that are shown. */
const maxFailures = 3;
/** Characters of each. */
const maxShownLength = 500;

interface State {
  readonly words: readonly string[];
  /** Unless the node says that it has no such chain. */
  readonly hasChain: boolean;
}

async function askState({ chain, at }: ChainNode, signal: AbortSignal): Promise<State> {
  const question = { maxBytes: maxAnswerBytes, signal };
  const answer = await callNode(at("/ext/info"), "info.isBootstrapped", { chain }, question);
  if (answer === undefined) return { words: [], hasChain: true };
  if ("refusal" in answer) return { words: [`The node says: ${show(answer.refusal)}`], hasChain: false };
  const isBootstrapped = answer.result.isBootstrapped !== false;
  const words = ["The node says that the chain is not bootstrapped: try again later."];
  return { words: isBootstrapped ? [] : words, hasChain: true };
}

interface Health {
  readonly words: readonly string[];
  /** Whether it says why the chain gives no answer. */
  readonly isAboutChain: boolean;
}

/**
 * The failures that the health of a node names, those of the chain first, then those of others: a check has the first
 * alias of its chain as its name, which the URL may not. Rejects only by its signal.
 */
export async function askHealth({ chain, at }: ChainNode, signal: AbortSignal): Promise<Health> {
  const health = await fetchObject(at("/ext/health"), { method: "GET" }, { maxBytes: maxAnswerBytes, signal });
  const failures = isJsonObject(health?.checks) ? Object.entries(health.checks).flatMap(readFailure) : [];
  const ofChain = failures.filter(({ name }) => name === chain);
  const ofOthers = failures.filter(({ name }) => name !== chain && !nodesOwn.has(name));
  const ofNode = failures.filter(({ name }) => name !== chain && nodesOwn.has(name));
  const shown = [...ofChain, ...ofOthers, ...ofNode].slice(0, maxFailures);
  const lines = shown.map(({ name, problem }) => `The node's health says: ${show(`${name}: ${problem}`)}`);
  const gone = shown.filter(isPluginGone).map(({ name }) => pluginGone(name));
  return { words: [...lines, ...gone], isAboutChain: ofChain.length + gone.length > 0 };
}

interface Failure {
  readonly name: string;
  readonly problem: string;
}

/** No failure if the check has not failed. */
function readFailure([name, check]: readonly [string, unknown]): readonly Failure[] {
  const problem = isJsonObject(check) ? check.error : undefined;
  return typeof problem === "string" ? [{ name, problem }] : [];
}

/** The checks of AvalancheGo 1.8 to 1.15 that are about no plugin. */
const nodesOwn: ReadonlySet<string> = new Set([
  ...["P", "X", "C"],
  ...["network", "router", "database", "diskspace", "bls", "futureupgrade", "shuttingDown"],
  ...["bootstrapped", "validation"],
]);

/** Whether gRPC says to the node that nobody listens where the plugin did (its status UNAVAILABLE). */
function isPluginGone({ name, problem }: Failure): boolean {
  return !nodesOwn.has(name) && problem.includes("code = Unavailable");
}

function pluginGone(name: string): string {
  const cure = "the node's log says why, and a restart of the node starts it again";
  return `So the plugin of ${show(name)} has ended: ${cure}.`;
}

/** Other people's text, on one line. */
function show(text: string): string {
  return escapeLine(text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text);
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { idFromBytes } from "../../avalanche/id.ts";
import type { Environment } from "./choose-protocol.ts";

/** How a node was started. */
export interface NodeSettings {
  /** Gives its command line, without the program. */
  readonly args: () => readonly string[];
  /** Until protocol 22 a plugin has the same environment as its node. */
  readonly environment: Environment;
}

/**
 * The directory for a chain's data when the node names none (until protocol 19). It is the one that an upgraded node
 * will name, so that the data is found again (avalanchego v1.9.4, config/flags.go: `$DATA_DIR/chainData`, and below it
 * the chain's id). Throws when that is not known.
 */
export function defaultChainDataDir(chainId: Uint8Array, node: NodeSettings): string {
  return join(nodeDataDir(node), "chainData", idFromBytes(chainId));
}

/** The node's own rule: the flag wins, then the environment, then the config file, then the home directory. */
function nodeDataDir({ args, environment }: NodeSettings): string {
  const words = args();
  const read = (name: string) =>
    readFlag(words, name) ?? environment[`AVAGO_${name.toUpperCase().replaceAll("-", "_")}`];
  const given = read("data-dir") ?? readConfigFile(read("config-file"), environment)?.["data-dir"];
  const home = environment.HOME;
  if (typeof given === "string" && given !== "") return expand(given, environment);
  if (home !== undefined && home !== "") return join(home, ".avalanchego");
  throw new Error("this AvalancheGo names no directory for the chain's data: set chainDataDir in the chain's config");
}

/** `--name=value` or `--name value`; the last one counts. */
function readFlag(words: readonly string[], name: string): string | undefined {
  return words
    .flatMap((word, i) => {
      if (word === `--${name}`) return words[i + 1] ?? [];
      return word.startsWith(`--${name}=`) ? word.slice(name.length + 3) : [];
    })
    .at(-1);
}

function readConfigFile(file: string | undefined, environment: Environment): Record<string, unknown> | undefined {
  if (file === undefined) return undefined;
  try {
    return JSON.parse(readFileSync(expand(file, environment), "utf8")) as Record<string, unknown>;
  } catch {
    return undefined; // the node reads other formats too
  }
}

/** Like Go's os.ExpandEnv. */
function expand(path: string, environment: Environment): string {
  return path.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced, plain) => environment[braced ?? plain] ?? "");
}

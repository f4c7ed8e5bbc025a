import { ChainError } from "./errors.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** What an operator can set in the chain's config file, `configs/chains/<chain id>/config.json`. */
export interface Config {
  readonly logLevel: LogLevel;
  /** "auto": "normal" while bootstrapping, "full" (synced at each block) in normal operation. */
  readonly durability: "auto" | "normal" | "full";
  /** How many proposals may wait for a block. */
  readonly maxMempoolItems: number;
  /** How many bytes of data they may hold together. */
  readonly maxMempoolBytes: number;
  /** After how many seconds a proposal that no block carries is dropped; 0 for never. */
  readonly proposalExpirySeconds: number;
  /** How long this node builds no block on a new one. */
  readonly minBlockIntervalMs: number;
  /** How many HTTP requests may be unanswered at a time, those that wait for a block among them. */
  readonly maxHttpRequests: number;
  /** How many bytes they may have together while they are read, or wait to be worked on. */
  readonly maxHttpBytes: number;
  /** The header in which a proxy before the node names its client, as the last value; "" without such a proxy. */
  readonly clientAddressHeader: string;
  /** Where the chain's data goes, an absolute path, on nodes that do not say themselves; "" for where later ones put it. */
  readonly chainDataDir: string;
}

export const defaultConfig: Config = {
  logLevel: "info",
  durability: "auto",
  maxMempoolItems: 10_000,
  maxMempoolBytes: 64 * 1024 * 1024,
  proposalExpirySeconds: 0,
  minBlockIntervalMs: 0,
  maxHttpRequests: 4_096,
  maxHttpBytes: 32 * 1024 * 1024,
  clientAddressHeader: "",
  chainDataDir: "",
};

/** Takes the node's config bytes: nothing, or a JSON object. Throws "malformed config", naming the key. */
export function parseConfig(bytes: Uint8Array): Config {
  const given = parseObject(new TextDecoder().decode(bytes).trim());
  const config: Record<string, unknown> = { ...defaultConfig };
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(rules, key)) {
      throw malformed(`unknown key ${JSON.stringify(key)}; known are ${Object.keys(rules).join(", ")}`);
    }
    const rule = rules[key as keyof Config];
    if (!rule.accepts(value)) throw malformed(`${key} must be ${rule.wanted}, not ${JSON.stringify(value)}`);
    config[key] = value;
  }
  return config as unknown as Config;
}

interface Rule {
  readonly wanted: string;
  readonly accepts: (value: unknown) => boolean;
}

const rules: Readonly<Record<keyof Config, Rule>> = {
  logLevel: oneOf("debug", "info", "warn", "error"),
  durability: oneOf("auto", "normal", "full"),
  maxMempoolItems: wholeNumber(1, 1_000_000),
  maxMempoolBytes: wholeNumber(1_000_000, 4 * 1024 ** 3),
  proposalExpirySeconds: wholeNumber(0, 10 * 365 * 24 * 3600),
  minBlockIntervalMs: wholeNumber(0, 3_600_000),
  maxHttpRequests: wholeNumber(64, 1_000_000),
  maxHttpBytes: wholeNumber(16 * 1024 * 1024, 4 * 1024 ** 3),
  clientAddressHeader: {
    wanted: "the name of an HTTP header",
    accepts: (value) => typeof value === "string" && /^[A-Za-z0-9-]{0,64}$/.test(value),
  },
  chainDataDir: {
    wanted: "an absolute path",
    accepts: (value) => typeof value === "string" && (value === "" || value.startsWith("/")),
  },
};

function oneOf(...words: readonly string[]): Rule {
  return { wanted: `one of ${words.join(", ")}`, accepts: (value) => words.includes(value as string) };
}

function wholeNumber(min: number, max: number): Rule {
  return {
    wanted: `a whole number from ${min} to ${max}`,
    accepts: (value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
  };
}

function parseObject(text: string): object {
  if (text === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw malformed(`not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed("not a JSON object");
  return value;
}

function malformed(problem: string): ChainError {
  return new ChainError({ code: "malformed config", problem });
}

import { messageOf } from "../avalanche/coded-error.ts";
import { ChainError } from "./errors.ts";
import { rsFutureSeconds } from "./verify.ts";

/** What an operator can set in the chain's config file, `configs/chains/<chain id>/config.json`. */
export interface Config {
  /** Events below this are not logged. */
  readonly logLevel: "debug" | "info" | "warn" | "error";
  /** When a block is synced to disk: "full" and "auto" before clients see it, "normal" some time afterwards. */
  readonly durability: "auto" | "normal" | "full";
  /** The most proposals that may wait for a block. */
  readonly maxMempoolItems: number;
  /** The most bytes of data that these proposals may hold together. */
  readonly maxMempoolBytes: number;
  /** Seconds after which a proposal without a block is dropped; 0 for never. */
  readonly proposalExpirySeconds: number;
  /** Milliseconds that this node waits before it builds on a new preferred block. */
  readonly minBlockIntervalMs: number;
  /** Seconds without an accepted block after which this node builds one without a proposal; 0 for never. */
  readonly heartbeatSeconds: number;
  /** Seconds ahead of this node's clock at which a block is refused in normal operation. */
  readonly maxFutureSeconds: number;
  /** The most HTTP requests that may be unanswered at a time, including those that wait for a block. */
  readonly maxHttpRequests: number;
  /** The most bytes that these requests may hold together until work on them starts. */
  readonly maxHttpBytes: number;
  /** The header whose last value is the client's address, written by a proxy before the node; "" without a proxy. */
  readonly clientAddressHeader: string;
  /**
   * An absolute path for the chain's data, for old nodes that give the plugin no directory; "" for the directory that
   * later nodes use.
   */
  readonly chainDataDir: string;
}

/** The settings where the operator sets nothing. */
export const defaultConfig: Config = {
  logLevel: "info",
  durability: "auto",
  maxMempoolItems: 10_000,
  maxMempoolBytes: 64 * 1024 * 1024,
  proposalExpirySeconds: 0,
  minBlockIntervalMs: 0,
  heartbeatSeconds: 0,
  maxFutureSeconds: Number(rsFutureSeconds),
  maxHttpRequests: 4_096,
  maxHttpBytes: 32 * 1024 * 1024,
  clientAddressHeader: "",
  chainDataDir: "",
};

/**
 * Takes the config bytes that the node passes on: empty, or a JSON object. Throws "malformed config", which names the
 * key. It does not use zod, which takes 15 ms to load, because every start of a plugin reads the config.
 */
export function parseConfig(bytes: Uint8Array): Config {
  const config: Settings = { ...defaultConfig };
  for (const [key, value] of Object.entries(parseObject(new TextDecoder().decode(bytes).trim()))) {
    if (!isKey(key)) {
      throw malformed(`unknown key ${JSON.stringify(key)}; known are ${Object.keys(rules).join(", ")}`);
    }
    set(config, key, value);
  }
  return config;
}

type Settings = { -readonly [Key in keyof Config]: Config[Key] };

function isKey(key: string): key is keyof Config {
  return Object.hasOwn(rules, key);
}

function set<Key extends keyof Config>(config: Settings, key: Key, given: unknown): void {
  const { wanted, read } = rules[key];
  const value = read(given);
  if (value === undefined) throw malformed(`${key} must be ${wanted}, not ${JSON.stringify(given)}`);
  config[key] = value;
}

interface Rule<Value> {
  readonly wanted: string;
  /** Gives the value, or undefined if the rule does not allow it. */
  readonly read: (given: unknown) => Value | undefined;
}

const rules: { readonly [Key in keyof Config]: Rule<Config[Key]> } = {
  logLevel: oneOf("debug", "info", "warn", "error"),
  durability: oneOf("auto", "normal", "full"),
  maxMempoolItems: wholeNumber(1, 1_000_000),
  maxMempoolBytes: wholeNumber(1_000_000, 4 * 1024 ** 3),
  proposalExpirySeconds: wholeNumber(0, 10 * 365 * 24 * 3600),
  minBlockIntervalMs: wholeNumber(0, 3_600_000),
  heartbeatSeconds: zeroOr(wholeNumber(10, 86_400)),
  maxFutureSeconds: wholeNumber(120, Number(rsFutureSeconds)), // clocks of two nodes may differ by 60 s each way
  maxHttpRequests: wholeNumber(64, 1_000_000),
  maxHttpBytes: wholeNumber(16 * 1024 * 1024, 4 * 1024 ** 3),
  clientAddressHeader: text("the name of an HTTP header", /^[A-Za-z0-9-]{0,64}$/),
  chainDataDir: text("an absolute path", /^(\/|$)/),
};

function oneOf<Word extends string>(...words: readonly Word[]): Rule<Word> {
  return { wanted: `one of ${words.join(", ")}`, read: (given) => words.find((word) => word === given) };
}

function wholeNumber(min: number, max: number): Rule<number> {
  return {
    wanted: `a whole number from ${min} to ${max}`,
    read: (given) =>
      typeof given === "number" && Number.isInteger(given) && given >= min && given <= max ? given : undefined,
  };
}

function zeroOr({ wanted, read }: Rule<number>): Rule<number> {
  return { wanted: `0 or ${wanted}`, read: (given) => (given === 0 ? 0 : read(given)) };
}

function text(wanted: string, pattern: RegExp): Rule<string> {
  return { wanted, read: (given) => (typeof given === "string" && pattern.test(given) ? given : undefined) };
}

function parseObject(text: string): object {
  if (text === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw malformed(`not JSON: ${messageOf(error)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed("not a JSON object");
  return value;
}

function malformed(problem: string): ChainError {
  return new ChainError({ code: "malformed config", problem });
}

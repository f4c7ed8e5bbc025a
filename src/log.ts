import type { LogLevel } from "./core/config.ts";
import { formatExactJson } from "./core/exact-json.ts";

/** What an event carries besides its name. Never the data of a proposal. */
export type LogFields = Readonly<Record<string, string | number | bigint | boolean | undefined>>;

/** One JSON line per event, for people and for machines. */
export class Log {
  readonly #write: (line: string) => void;
  #threshold = rank.info;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  setLevel(level: LogLevel): void {
    this.#threshold = rank[level];
  }

  debug(event: string, fields?: LogFields): void {
    this.#log("debug", event, fields);
  }

  info(event: string, fields?: LogFields): void {
    this.#log("info", event, fields);
  }

  warn(event: string, fields?: LogFields): void {
    this.#log("warn", event, fields);
  }

  error(event: string, fields?: LogFields): void {
    this.#log("error", event, fields);
  }

  #log(level: LogLevel, event: string, fields: LogFields = {}): void {
    if (rank[level] < this.#threshold) return;
    const time = new Date().toISOString();
    this.#write(formatExactJson({ time, level, event, ...shorten(fields) }));
  }
}

/** A log drops what ranks below its own level. */
const rank: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
/** Longer texts are cut: an error may quote what a peer sent. */
const maxTextLength = 2_000;

function shorten(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === "string" && value.length > maxTextLength ? `${value.slice(0, maxTextLength)}…` : value,
    ]),
  );
}

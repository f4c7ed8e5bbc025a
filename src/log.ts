/** A log drops what ranks below its own level. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What an event carries besides its name. Never the data of a proposal. */
export type LogFields = Readonly<Record<string, string | number | bigint | boolean | undefined>>;

/** One JSON line per event, for people and for machines. Integers have all their digits. */
export class Log {
  readonly #write: (line: string) => void;
  #threshold = rank.info;

  /** `write` takes a line without its end. */
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
    this.#write(JSON.stringify({ time, level, event, ...fields }, formatValue));
  }
}

const rank: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
/** Characters. Longer texts are cut: an error may quote what a peer sent. */
const maxTextLength = 2_000;

function formatValue(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return JSON.rawJSON(value.toString());
  return typeof value === "string" && value.length > maxTextLength ? `${value.slice(0, maxTextLength)}…` : value;
}

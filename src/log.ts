/** From the least to the most important. A log drops events below its own level. */
export const logLevels = ["debug", "info", "warn", "error"] as const;

/** How important an event is. */
export type LogLevel = (typeof logLevels)[number];

/** The details of an event. Never the data of a proposal. */
export type LogFields = Readonly<Record<string, string | number | bigint | boolean | undefined>>;

/** One JSON line per event, for people and for machines. Integers have all their digits. */
export class Log {
  readonly #write: (line: string) => void;
  #threshold = rankOf("info");

  /** `write` takes a line without its line end. */
  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  setLevel(level: LogLevel): void {
    this.#threshold = rankOf(level);
  }

  /** `fields` may be a function, which is called only if the event is logged. */
  debug(event: string, fields?: LogFields | (() => LogFields)): void {
    if (rankOf("debug") < this.#threshold) return;
    this.#log("debug", event, typeof fields === "function" ? fields() : fields);
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
    if (rankOf(level) < this.#threshold) return;
    const time = new Date().toISOString();
    this.#write(JSON.stringify({ time, level, event, ...fields }, formatValue));
  }
}

/** Characters. Longer texts are cut: an error may quote what a peer sent. */
const maxTextLength = 2_000;

function rankOf(level: LogLevel): number {
  return logLevels.indexOf(level);
}

function formatValue(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return JSON.rawJSON(value.toString());
  return typeof value === "string" && value.length > maxTextLength ? `${value.slice(0, maxTextLength)}…` : value;
}

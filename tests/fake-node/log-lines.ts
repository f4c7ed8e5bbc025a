import { Lines } from "./lines.ts";

/** A line of JSON as a VM on this package logs it. */
export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** What a plugin writes to standard error, line by line: as `text` whatever it is, as `lines` if each is JSON. */
export class LogLines extends Lines {
  /** Throws when one is no JSON. */
  get lines(): readonly LogLine[] {
    return this.text.map((line) => JSON.parse(line) as LogLine);
  }

  find(event: string): LogLine | undefined {
    return this.lines.find((line) => line.event === event);
  }

  /** Resolves when there is a line with this event, past ones included. Rejects after a minute. */
  wait(event: string): Promise<LogLine> {
    return this.watchers.waitFor(`the log line "${event}"`, () => this.find(event));
  }
}

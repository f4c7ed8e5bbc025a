import { Lines } from "./lines.ts";

export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** What a plugin writes to standard error, line by line. Every line must be a JSON object. */
export class LogLines extends Lines {
  get lines(): readonly LogLine[] {
    return this.text.map((line) => JSON.parse(line) as LogLine);
  }

  find(event: string): LogLine | undefined {
    return this.lines.find((line) => line.event === event);
  }

  /** Resolves when there is a line with this event, past ones included. */
  wait(event: string): Promise<LogLine> {
    return this.watchers.waitFor(`the log line "${event}"`, () => this.find(event));
  }
}

import { type Command, Option } from "commander";
import { Log, type LogLevel, logLevels } from "../log.ts";
import type { Output } from "./terminal/output.ts";

/** The options of a command that serves others until a signal ends it. */
export interface LogOptions {
  readonly logLevel: LogLevel;
  readonly json?: boolean;
}

/** Adds `LogOptions` to a command, and gives it back. */
export function addLogOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--log-level <level>", "the least important events to log, on standard error")
        .choices(logLevels)
        .default("warn"),
    )
    .option("--json", "print one JSON object per line");
}

/** The log of such a command, on standard error. */
export function createLog({ logLevel }: LogOptions, output: Output): Log {
  const log = new Log((line) => output.err(`${line}\n`));
  log.setLevel(logLevel);
  return log;
}

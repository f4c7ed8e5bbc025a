import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";

/** Milliseconds. The node waits 5 s for the handshake, and prints its version in 0.2 s. */
const askTimeoutMs = 2_500;
/** Bytes. A version is one line. */
const maxOutputBytes = 64 * 1024;

/** The process that started us, as its operating system knows it. It is AvalancheGo, or a test of ours. */
export interface NodeProcess {
  readonly pid: number;
  /**
   * Runs its program once more, with `--version`. Gives what that prints, "" when it cannot be run or takes too long.
   */
  readonly askVersion: () => Promise<string>;
  /** A text that no other process on this machine has, before or after it; undefined when there is none. */
  readonly identify: () => Promise<string | undefined>;
  /** Its command line, without the program; [] when it cannot be read. */
  readonly args: () => readonly string[];
}

/** Linux has files for all of it. Elsewhere `ps` says it, except where the words of a command line begin and end. */
export function nodeProcess(pid: number, platform: NodeJS.Platform): NodeProcess {
  if (platform === "linux") return linuxProcess(pid);
  return {
    pid,
    askVersion: async () => run((await askPs("comm=", pid)) || "/", ["--version"]),
    identify: async () => {
      const start = await askPs("lstart=", pid);
      return start === "" ? undefined : `${pid} ${start}`;
    },
    args: () => [],
  };
}

function linuxProcess(pid: number): NodeProcess {
  return {
    pid,
    // This link works even when the file was replaced or removed.
    askVersion: () => run(`/proc/${pid}/exe`, ["--version"]),
    identify: async () => {
      const boot = readText("/proc/sys/kernel/random/boot_id");
      const stat = readText(`/proc/${pid}/stat`);
      // Behind the program's name in brackets, which may hold anything: field 22 of proc(5), the time of its start.
      const startTicks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
      return boot === "" || startTicks === undefined ? undefined : `${boot.trim()} ${pid} ${startTicks}`;
    },
    args: () => readText(`/proc/${pid}/cmdline`).split("\0").slice(1, -1),
  };
}

async function askPs(column: string, pid: number): Promise<string> {
  return (await run("/bin/ps", ["-o", column, "-p", String(pid)])).trim();
}

/** With no environment: what an operator sets there for the node may change what it does. */
function run(program: string, args: readonly string[]): Promise<string> {
  const options = { env: {}, timeout: askTimeoutMs, killSignal: "SIGKILL", maxBuffer: maxOutputBytes } as const;
  return new Promise((resolve) => execFile(program, args, options, (error, out) => resolve(error === null ? out : "")));
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";

/** Milliseconds. The node waits 5 s for the handshake, and prints its version in 0.2 s. */
const askTimeoutMs = 2_500;
/** Bytes. A version is one line. */
const maxOutputBytes = 64 * 1024;

/** The process that started us, as the operating system describes it. It is AvalancheGo, or one of our tests. */
export interface NodeProcess {
  readonly pid: number;
  /** Runs its program once more with `--version`. Gives what that prints; "" when it cannot run or takes too long. */
  readonly askVersion: () => Promise<string>;
  /** A text that no other process on this machine has or had; undefined when there is none. */
  readonly identify: () => Promise<string | undefined>;
  /** Its command line, without the program; [] when it cannot be read. */
  readonly args: () => readonly string[];
}

/** Linux has files for all of this. Elsewhere `ps` gives it, except the separate words of a command line. */
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
      // Field 22 of proc(5), the start time, counted from behind the program's name in brackets: that may contain
      // anything.
      const startTicks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
      return boot === "" || startTicks === undefined ? undefined : `${boot.trim()} ${pid} ${startTicks}`;
    },
    args: () => readText(`/proc/${pid}/cmdline`).split("\0").slice(1, -1),
  };
}

async function askPs(column: string, pid: number): Promise<string> {
  return (await run("/bin/ps", ["-o", column, "-p", String(pid)])).trim();
}

/** Runs with an empty environment: variables that the operator set for the node might change what the program does. */
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

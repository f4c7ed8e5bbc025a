import { isatty } from "node:tty";
import packageJson from "../package.json" with { type: "json" };
import { Admission, maxStaticRequestBytes, staticLimits } from "./api/admission.ts";
import { Turns } from "./api/turns.ts";
import { messageOf } from "./avalanche/coded-error.ts";
import type { About } from "./cli/about.ts";
import { exactArguments } from "./cli/terminal/exact-arguments.ts";
import { writeAll } from "./cli/terminal/write-all.ts";
import { SharedFigures } from "./clients/shared.ts";
import { ClientThread } from "./clients/thread.ts";
import { CheckpointThread } from "./disk/checkpoint-thread.ts";
import { LogDisk } from "./disk/log-disk.ts";
import { Log } from "./log.ts";
import { openChain } from "./plugin/open.ts";
import { statusOf } from "./plugin/status-of.ts";
import { defaultProtocol, newestProtocol, oldestProtocol } from "./rpcchainvm/protocol.ts";
import { nodeVariables, servePlugin, type VmDefinition } from "./rpcchainvm/serve.ts";
import type { HttpAdmission } from "./rpcchainvm/services/http-handler.ts";
import { writeTo } from "./rpcchainvm/start/standard-streams.ts";
import { expectOpenFiles } from "./store/open-files.ts";
import { systemClock } from "./vm/clock.ts";

const args = exactArguments(process.argv.slice(2));
startAgainWithout("BUN_");
const { name, version } = packageJson;
const protocols = { oldest: oldestProtocol, newest: newestProtocol, default: defaultProtocol };
const about: About = { name, version, protocols };

// Loaded only when needed: a node waits for the handshake, and people for a command.
const importApi = () => import("./api/app.ts");
const importCli = () => import("./cli/cli.ts");

if (args.length > 0) {
  const { runCli } = await importCli();
  process.exitCode = await runCli(args, about, {
    out: (content) => writeAll(1, content),
    err: writeTo(2),
    isTerminal: isatty(1),
    isWatched: isatty(2),
    isColoured: isatty(1) && !process.env.NO_COLOR, // https://no-color.org
    input: { fileDescriptor: 0, isTerminal: isatty(0) },
    environment: process.env,
    program: Bun.isStandaloneExecutable ? [process.execPath] : [process.execPath, Bun.main],
    startBackup,
    onEnd,
    beforeSignal,
  });
} else if (nodeVariables.some((variable) => process.env[variable] !== undefined)) await serve();
else {
  // Whoever has a terminal is no node, and has not set up one wrongly.
  if (!isatty(0)) {
    writeTo(2)(`${name} is a plugin of AvalancheGo, which starts it and sets ${nodeVariables.join(" or ")}.\n\n`);
  }
  const { runCli } = await importCli();
  await runCli(["--help"], about, { out: (content) => writeTo(2)(`${content}`), err: writeTo(2) });
  process.exitCode = 2; // wrong use
}

/**
 * Variables of the runtime can make it open a debugger, write files or run slowly, and have had their effect by now. So
 * the program starts again without them. If its file is gone, or if it cannot hand on arguments that are not UTF-8, it
 * goes on as it is.
 */
function startAgainWithout(prefix: string): void {
  const environment = Object.entries(process.env);
  const kept = environment.filter(([name]) => !name.startsWith(prefix));
  if (!Bun.isStandaloneExecutable || kept.length === environment.length) return;
  if (!args.every((arg) => arg.isWellFormed())) return;
  try {
    process.execve?.(process.execPath, [process.argv0, ...args], Object.fromEntries(kept));
  } catch {
    // The binary was replaced, and its path is gone.
  }
}

function onEnd(close: () => Promise<void>): void {
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => void close().finally(() => process.exit(0)));
  }
}

/** The program still ends by the signal, as shells expect. */
function beforeSignal(clean: () => void): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      clean();
      process.kill(process.pid, signal);
    });
  }
}

// Threads are started here, since the binary takes their paths from this file.

function startClients(): Worker {
  return new Worker(new URL("./clients/worker.ts", import.meta.url).href);
}

function startCheckpoints(): Worker {
  return new Worker(new URL("./disk/checkpoint-worker.ts", import.meta.url).href);
}

function startBackup(): Worker {
  return new Worker(new URL("./operator/backup-worker.ts", import.meta.url).href);
}

function startUpgrade(): Worker {
  return new Worker(new URL("./disk/upgrade-worker.ts", import.meta.url).href);
}

/** Admits requests that need no chain. Its counts are those of requests to the chain. */
function staticAdmission(figures: SharedFigures, log: Log): HttpAdmission {
  const admission = new Admission(log, staticLimits);
  return {
    maxRequestBytes: maxStaticRequestBytes,
    admit: (bytes) => admission.admit(bytes),
    get requests() {
      return figures.requests;
    },
    get refused() {
      return figures.refused;
    },
  };
}

/** Serves a node. Only a go-plugin handshake may go to standard output; logs go to standard error. */
async function serve(): Promise<void> {
  const log = new Log((line) => writeTo(2)(`${line}\n`));
  const figures = new SharedFigures();
  const parts = {
    clock: systemClock,
    startClients: () => new ClientThread({ createWorker: startClients, clock: systemClock, log, figures }),
    openDisk: (file: string) => new LogDisk(file, new CheckpointThread(file, startCheckpoints)),
    startBackup,
    startUpgrade,
    version,
  };
  const turns = new Turns();
  const vm: VmDefinition = {
    name,
    version,
    open: (context) => openChain(context, parts),
    statusOf,
    staticHttp: {
      paths: ["/static"],
      fetch: async (request, asker) => (await importApi()).createStaticApp(log, turns)(request, asker),
    },
  };
  try {
    expectOpenFiles();
    await servePlugin(vm, { log, admission: staticAdmission(figures, log) });
  } catch (error) {
    log.error("cannot serve", { error: messageOf(error) });
    process.exit(1);
  }
}

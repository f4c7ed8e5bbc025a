import { isatty } from "node:tty";
import packageJson from "../package.json" with { type: "json" };
import { Admission } from "./api/admission.ts";
import { explorerPath, rpcPath } from "./api/paths.ts";
import { Turns } from "./api/turns.ts";
import { messageOf } from "./avalanche/coded-error.ts";
import type { About } from "./cli/about.ts";
import { writeAll } from "./cli/terminal/write-all.ts";
import { CheckpointThread } from "./disk/checkpoint-thread.ts";
import { LogDisk } from "./disk/log-disk.ts";
import { Log } from "./log.ts";
import { answerSimpleBy } from "./plugin/http.ts";
import { type ChainOptions, openChain } from "./plugin/open.ts";
import { statusOf } from "./plugin/status-of.ts";
import { defaultProtocol, newestProtocol, oldestProtocol } from "./rpcchainvm/protocol.ts";
import { nodeVariables, servePlugin, type VmDefinition } from "./rpcchainvm/serve.ts";
import { writeTo } from "./rpcchainvm/start/standard-streams.ts";
import { expectOpenFiles } from "./store/open-files.ts";
import { systemClock } from "./vm/clock.ts";
import { proposeSynced } from "./vm/propose-synced.ts";

startAgainWithout("BUN_");
const { name, version } = packageJson;
const protocols = { oldest: oldestProtocol, newest: newestProtocol, default: defaultProtocol };
const about: About = { name, version, protocols };
const args = process.argv.slice(2);

// What only one of the two ways needs is loaded when it is: a node waits for the handshake, and people for a prompt.
const importApi = () => import("./api/app.ts");
const importExplorer = () => import("./explorer/explorer.tsx");
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
    startBackup,
    onEnd,
  });
} else if (nodeVariables.some((variable) => process.env[variable] !== undefined)) await serve();
else {
  writeTo(2)(`${name} is a plugin of AvalancheGo, which starts it and sets ${nodeVariables.join(" or ")}.\n\n`);
  const { runCli } = await importCli();
  await runCli(["--help"], about, { out: (content) => writeTo(2)(`${content}`), err: writeTo(2) });
  process.exitCode = 1;
}

/**
 * Variables of the runtime make it open a debugger, write files or run slowly, and it has obeyed by now. The same
 * process starts again, without them and with all else that it was given; or goes on as it is, where its file is no
 * longer there.
 */
function startAgainWithout(prefix: string): void {
  const environment = Object.entries(process.env);
  const kept = environment.filter(([name]) => !name.startsWith(prefix));
  if (!Bun.isStandaloneExecutable || kept.length === environment.length) return;
  try {
    process.execve?.(process.execPath, [process.argv0, ...process.argv.slice(2)], Object.fromEntries(kept));
  } catch {
    // A binary that was replaced meanwhile has no path any more.
  }
}

function onEnd(close: () => Promise<void>): void {
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => void close().finally(() => process.exit(0)));
  }
}

/** Here, since this is the file that the binary takes the path from. */
function startBackup(): Worker {
  return new Worker(new URL("./operator/backup-worker.ts", import.meta.url).href);
}

/** Only a go-plugin handshake may go to standard output: all logs go to standard error. */
async function serve(): Promise<void> {
  const log = new Log((line) => writeTo(2)(`${line}\n`));
  const admission = new Admission(log);
  const turns = new Turns();
  const createHttp: ChainOptions["createHttp"] = async (vm, identity, config) => {
    const { maxHttpRequests, maxHttpBytes, clientAddressHeader } = config;
    admission.setLimits({ maxRequests: maxHttpRequests, maxRequestBytes: maxHttpBytes });
    const { createApi } = await importApi();
    const { createExplorer } = await importExplorer();
    const explorer = createExplorer(vm, identity.notice);
    const propose = proposeSynced(vm);
    const { fetch, answerRpc } = createApi({ view: vm, propose, identity, explorer, log, turns });
    const answerSimple = answerSimpleBy(answerRpc, rpcPath);
    return { paths: [rpcPath, explorerPath], fetch, answerSimple, clientAddressHeader };
  };
  // Here, since the binary resolves the file against itself.
  const startCheckpoints = () => new Worker(new URL("./disk/checkpoint-worker.ts", import.meta.url).href);
  const openDisk = (file: string) => new LogDisk(file, new CheckpointThread(file, startCheckpoints()));
  const vm: VmDefinition = {
    name,
    version,
    open: (context) => openChain(context, { clock: systemClock, createHttp, openDisk, startBackup, version }),
    statusOf,
    staticHttp: {
      paths: ["/static"],
      fetch: async (request, asker) => (await importApi()).createStaticApp(log, turns)(request, asker),
    },
  };
  try {
    expectOpenFiles();
    await servePlugin(vm, { log, admission, onNodeCall: () => turns.noteNodeCall() });
  } catch (error) {
    log.error("cannot serve", { error: messageOf(error) });
    process.exit(1);
  }
}

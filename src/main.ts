import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import packageJson from "../package.json" with { type: "json" };
import { Admission } from "./api/admission.ts";
import { explorerPath, rpcPath } from "./api/paths.ts";
import { Turns } from "./api/turns.ts";
import type { About } from "./cli/about.ts";
import { writeAll } from "./cli/terminal/write-all.ts";
import type { Submission } from "./core/proposal.ts";
import { Log } from "./log.ts";
import { defaultProtocol, newestProtocol, oldestProtocol } from "./rpcchainvm/protocol.ts";
import { nodeVariables, servePlugin } from "./rpcchainvm/serve.ts";
import { expectOpenFiles } from "./store/open-files.ts";
import { systemClock } from "./vm/clock.ts";

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
    err: write(2),
    isTerminal: isatty(1),
    isWatched: isatty(2),
    isColoured: isatty(1) && !process.env.NO_COLOR, // https://no-color.org
    input: { fileDescriptor: 0, isTerminal: isatty(0) },
    environment: process.env,
    onEnd,
  });
} else if (nodeVariables.some((variable) => process.env[variable] !== undefined)) await serve();
else {
  write(2)(`${name} is a plugin of AvalancheGo, which starts it and sets ${nodeVariables.join(" or ")}.\n\n`);
  const { runCli } = await importCli();
  await runCli(["--help"], about, { out: (content) => write(2)(`${content}`), err: write(2) });
  process.exitCode = 1;
}

/**
 * Variables of the runtime make it open a debugger, write files or run slowly, and it has obeyed by now. The same process
 * starts again, without them and with all else that it was given; or goes on as it is, where its file is no longer there.
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

function onEnd(close: () => void): void {
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => {
      close();
      process.exit(0);
    });
  }
}

/** Only a go-plugin handshake may go to standard output: all logs go to standard error. */
async function serve(): Promise<void> {
  const log = new Log((line) => write(2)(`${line}\n`));
  const admission = new Admission(log);
  const turns = new Turns();
  try {
    expectOpenFiles();
    await servePlugin({
      environment: process.env,
      version,
      log,
      clock: systemClock,
      writeOut: write(1),
      httpPaths: [rpcPath, explorerPath],
      admission,
      onNodeCall: () => turns.noteNodeCall(),
      createApp: async (vm, identity, { maxHttpRequests, maxHttpBytes, clientAddressHeader }) => {
        admission.setLimits({ maxRequests: maxHttpRequests, maxRequestBytes: maxHttpBytes });
        const { createApi } = await importApi();
        const { createExplorer } = await importExplorer();
        const explorer = createExplorer(vm, identity.notice);
        const proposeBlocks = (batch: readonly Submission[]) => vm.proposeBlocks(batch);
        return { ...createApi({ view: vm, proposeBlocks, identity, explorer, log, turns }), clientAddressHeader };
      },
      staticApp: {
        fetch: async (request, asker) => (await importApi()).createStaticApp(log, turns)(request, asker),
        answerRpc: () => undefined,
        clientAddressHeader: "",
      },
    });
  } catch (error) {
    log.error("cannot serve", { error: (error as Error).message });
    process.exit(1);
  }
}

/** Synchronous: what is written before the process ends arrives. A reader who is gone does not end us. */
function write(fileDescriptor: 1 | 2): (text: string) => void {
  return (text) => {
    try {
      writeSync(fileDescriptor, text);
    } catch {
      // Nobody reads any more.
    }
  };
}

import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import packageJson from "../package.json" with { type: "json" };
import { createApi } from "./api/app.ts";
import type { About } from "./cli/about.ts";
import { runCli } from "./cli/cli.ts";
import { writeAll } from "./cli/write-all.ts";
import { Log } from "./log.ts";
import { runtimeAddressVariable, servePlugin } from "./rpcchainvm/plugin.ts";
import { protocolVersion } from "./rpcchainvm/protocol.ts";
import { systemClock } from "./vm/clock.ts";

const { name, version } = packageJson;
const about: About = { name, version, protocolVersion };
const args = process.argv.slice(2);
const runtimeAddress = process.env[runtimeAddressVariable];

if (args.length > 0) {
  const out = (text: string) => writeAll(1, text);
  process.exitCode = runCli(args, about, { out, err: write(2), isWatched: isatty(2) });
} else if (runtimeAddress !== undefined) await serve(runtimeAddress);
else {
  write(2)(`${name} is a plugin of AvalancheGo, which starts it; ${runtimeAddressVariable} is not set.\n\n`);
  runCli(["--help"], about, { out: write(2), err: write(2) });
  process.exitCode = 1;
}

/** Only a go-plugin handshake may go to standard output: all logs go to standard error. */
async function serve(runtimeAddress: string): Promise<void> {
  const log = new Log((line) => write(2)(`${line}\n`));
  try {
    await servePlugin({
      runtimeAddress,
      version,
      log,
      clock: systemClock,
      createApp: (vm) => {
        const { app, answerRpc } = createApi(vm, log);
        return { fetch: app.fetch, answerRpc };
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

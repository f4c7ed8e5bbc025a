import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { within } from "../fake-node/deadline.ts";
import { Lines } from "../fake-node/lines.ts";
import { pluginCommand } from "../support/plugin-command.ts";
import { temporaryDirectory } from "../support/temporary.ts";

// What the runtime in the binary would obey, and must not: from source it is Bun itself that runs, which obeys all of it.
const ofBinary = describe.skipIf(process.env.TIMESTAMPVM_BINARY === undefined);

/** A folder in which a program of Bun would find much to obey: each file makes it print OBEYED, or ask another node. */
function temptingDirectory() {
  const directory = temporaryDirectory();
  const preload = `preload = [${JSON.stringify(directory.file("obey.js"))}]\n`;
  mkdirSync(directory.file("config"));
  for (const [name, text] of Object.entries({
    "obey.js": 'process.stderr.write("OBEYED\\n");\n',
    "bunfig.toml": preload,
    ".bunfig.toml": preload, // of the home directory
    "config/.bunfig.toml": preload, // of XDG_CONFIG_HOME
    ".env": "TIMESTAMPVM_URL=http://127.0.0.1:2/ext/bc/obeyed\n",
    "package.json": '{ "preload": ["./obey.js"], "imports": { "*": "./obey.js" } }\n',
    "tsconfig.json": '{ "compilerOptions": { "paths": { "*": ["./obey.js"] } } }\n',
  })) {
    writeFileSync(directory.file(name), text);
  }
  return directory;
}

async function run(args: readonly string[], env: Record<string, string>) {
  using directory = temptingDirectory();
  const before = readdirSync(directory.path);
  const child = Bun.spawn([...pluginCommand, ...args], {
    cwd: directory.path,
    env: { HOME: directory.path, XDG_CONFIG_HOME: directory.file("config"), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [code, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, out, err, made: readdirSync(directory.path).filter((name) => !before.includes(name)) };
}

const genesis = { code: 0, out: '{"data":"a  b"}\n', err: "", made: [] as string[] };

ofBinary("the binary does not obey", () => {
  test.concurrent("files where it is started, or in the home directory", async () => {
    expect(await run(["genesis", "a  b"], {})).toEqual(genesis);
    const { err } = await run(["status"], { NO_PROXY: "*" }); // a chain may be there, where it looks by itself
    expect(err).not.toContain("127.0.0.1:2");
  });

  test.concurrent.each([
    "--preload ./obey.js",
    "--require=./obey.js",
    "--config=./bunfig.toml",
    "--version",
    "--cpu-prof",
  ])("BUN_OPTIONS=%s", async (options) => {
    expect(await run(["genesis", "a  b"], { BUN_OPTIONS: options })).toEqual(genesis);
  });
});

ofBinary("what the runtime has obeyed before the first line", () => {
  test.concurrent("ends there: the program starts again without it, with the same arguments", async () => {
    const preload = await run(["genesis", "a  b"], { BUN_INSPECT_PRELOAD: "./obey.js" });
    expect(preload).toEqual({ ...genesis, err: "OBEYED\n" }); // once, not twice
    expect(await run(["genesis", "a  b"], { BUN_BYTECODE_ORDER_OUT: "order" })).toEqual(genesis);
  });

  test.concurrent("stays where the binary has no path any more, as one that was replaced", async () => {
    using directory = temporaryDirectory();
    const copy = directory.file("copy");
    const script =
      'cp "$0" "$1" && exec 3<"$1" && rm "$1" && BUN_BYTECODE_ORDER_OUT=x exec /proc/self/fd/3 genesis "a  b"';
    const child = Bun.spawn(["sh", "-c", script, pluginCommand[0] ?? "", copy], {
      cwd: directory.path,
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect([await child.stdout.text(), await child.exited]).toEqual([genesis.out, 0]);
  });

  test.concurrent("a debugger is closed, and the process is the same", async () => {
    using directory = temporaryDirectory();
    const socket = directory.file("debugger");
    const child = Bun.spawn([...pluginCommand, "dev", "--http", "127.0.0.1:0"], {
      cwd: directory.path,
      env: { BUN_INSPECT: `ws+unix://${socket}` },
      stdio: ["ignore", "pipe", "ignore"],
    });
    try {
      await new Lines(child.stdout).waitForText(/Ctrl-C/);
      expect(readdirSync(directory.path)).toEqual(["debugger"]); // it was open
      expect(await connectTo(socket)).toBe("ECONNREFUSED");
      child.kill("SIGTERM");
      expect(await within("its end", child.exited)).toBe(0);
    } finally {
      child.kill("SIGKILL");
    }
  });
});

/** Gives the code of the system's error; undefined when someone listens. */
function connectTo(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once("error", (error) => resolve((error as { code?: string }).code));
  });
}

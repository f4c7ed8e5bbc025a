import { describe, expect, test } from "bun:test";
import { raiseLimit } from "../../src/store/open-files.ts";
import { within } from "../fake-node/deadline.ts";
import { FakeNode } from "../support/fake-node.ts";
import { pluginCommand } from "../support/plugin-command.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { makeDatabase } from "./db-support.ts";

/** Starts the command that follows with a limit of open files, those among them that it has from us. */
const limitedTo = (files: number) => ["sh", "-c", `ulimit -n ${files}; exec "$@"`, "sh"];

/** What a command says, and its exit code, with a limit of open files. */
async function runLimited(files: number, ...args: readonly string[]) {
  const child = Bun.spawn([...limitedTo(files), ...pluginCommand, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const exited = within("its end", child.exited);
  exited.catch(() => child.kill("SIGKILL"));
  const [code, out, err] = await Promise.all([exited, child.stdout.text(), child.stderr.text()]);
  return { code, out, err };
}

/** Fewer than the runtime itself needs: it says so in its own words. */
const runtimeFiles = 5;
/** With so many everything works: 48 beside those of the runtime, and those that a test's parent leaves open. */
const enough = 80;

// Of the binary alone: from source, the runtime itself needs files, for the modules that it reads.
describe.skipIf(!process.env.TIMESTAMPVM_BINARY)("with few open files", () => {
  test.each([6, 8, 12, 24, 48])("of %i, dev ends and says what to do", async (files) => {
    using directory = temporaryDirectory();
    const { code, out, err } = await runLimited(files, "dev", "--data-dir", directory.path, "--http", "127.0.0.1:0");
    expect([code, out]).toEqual([1, ""]);
    expect(err).toBe(`error: too many open files, 48 more are needed: ${raiseLimit}\n`);
  });

  test.each([6, 8, 12, 24, 48])("of %i, the plugin ends before the handshake and says what to do", async (files) => {
    await using node = await FakeNode.start();
    const started = node.startPlugin(limitedTo(files));
    await expect(started).rejects.toThrow(/"cannot serve".*EMFILE.*raise the limit of open files/);
  });

  test("of enough, the plugin runs a chain", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin(limitedTo(enough));
    await plugin.start();
    expect((await plugin.proposeAndAccept("one")).height).toBe(1n);
  });

  test.each(["check", "export"])("db %s either works or says what to do", async (command) => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("timestampvm.db"));
    let failures = 0;
    for (let files = runtimeFiles; files <= 16; files++) {
      const { code, err } = await runLimited(files, "db", command, directory.path);
      if (code === 0) continue;
      failures++;
      expect(err, `with ${files}`).toBe(
        `error: ${directory.file("timestampvm.db")}: unable to open database file; ${raiseLimit}\n`,
      );
    }
    expect(failures).toBeWithin(1, 8);
  });
});

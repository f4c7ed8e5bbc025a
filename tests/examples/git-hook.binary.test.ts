import { expect, test } from "bun:test";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fencedIn, readDocument, root, stepsIn } from "../documents/sessions.ts";
import { makeHome } from "../documents/settings.ts";
import { startTestChain } from "../support/dev-chain.ts";

const hook = "examples/git-hook/post-commit";

/** What the README tells those to do who have a commit and its note. */
const verification = fencedIn(readDocument("examples/git-hook/README.md"))
  .flatMap(stepsIn)
  .map(({ command }) => command)
  .filter((command) => command.includes("commit.ots") || command.includes("cat-file"));

test("the hook stamps a commit, and its note verifies it in a clone", async () => {
  const chain = await startTestChain();
  using home = makeHome();
  const run = shell(home, chain.rpc);
  try {
    expect(await run(initialize)).toMatchObject({ code: 0 });
    copyFileSync(join(root, hook), join(home.path, "work/.git/hooks/post-commit"));
    expect(await run("cd work && git commit --allow-empty -qm first")).toEqual({ code: 0, printed: "" });
    expect(
      await run("git clone -q --no-local work clone && cd clone && git fetch -q origin 'refs/notes/*:refs/notes/*'"),
    ).toEqual({ code: 0, printed: "" });
    const verified = await run(["set -e", "cd clone", ...verification].join("\n"));
    expect(verified).toMatchObject({ code: 0, printed: expect.stringMatching(/^holds/m) });
  } finally {
    chain.close();
  }
});

test("a commit is made when no node answers, and its stamp can be made up for", async () => {
  using home = makeHome();
  const offline = shell(home, "http://127.0.0.1:1");
  expect(await offline(initialize)).toMatchObject({ code: 0 });
  copyFileSync(join(root, hook), join(home.path, "work/.git/hooks/post-commit"));
  const { code, printed } = await offline("cd work && git commit --allow-empty -qm first && git log --format=%s");
  const again = "The commit is made, but has no timestamp. To try again: ";
  expect({ code, printed }).toEqual({ code: 0, printed: expect.stringMatching(/^first$/m) });
  expect(printed).toContain(again);
  const chain = await startTestChain();
  try {
    const command = printed.split(again)[1]?.split("\n")[0];
    const shown = await shell(home, chain.rpc)(`cd work && ${command} && git notes --ref=timestamps list HEAD | wc -l`);
    expect(shown).toEqual({ code: 0, printed: "1\n" });
  } finally {
    chain.close();
  }
});

const initialize = "git init -q work";

/** Gives a function that runs a script in a home, and gives what it prints on both streams. */
function shell({ path, env }: ReturnType<typeof makeHome>, rpc: string) {
  writeFileSync(join(path, ".gitconfig"), "[user]\nname = A Person\nemail = person@example.org\n");
  return async (script: string) => {
    const child = Bun.spawn(["bash", "-c", `exec 2>&1\n${script}`], {
      cwd: path,
      env: { ...env, TIMESTAMPVM_URL: rpc },
      stdio: ["ignore", "pipe", "inherit"],
    });
    return { printed: await child.stdout.text(), code: await child.exited };
  };
}

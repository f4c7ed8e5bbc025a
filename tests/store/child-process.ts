import { join } from "node:path";

/** Starts `child.ts` with a task; `limitBlocks` is the size, in 512 bytes, beyond which it can write no file. */
export function startChild(
  task: string,
  file: string,
  { uid = 0, limitBlocks = 0, env = {} as Record<string, string> } = {},
) {
  const command = [process.execPath, join(import.meta.dir, "child.ts"), task, file];
  const limited = ["sh", "-c", `trap '' XFSZ; ulimit -S -f ${limitBlocks}; exec "$@"`, "sh", ...command];
  return Bun.spawn(limitBlocks > 0 ? limited : command, {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
    env: { ...process.env, ...env, UID_TO_BE: `${uid}` },
  });
}

/** What a child says, line by line. */
export async function* linesOf(child: { readonly stdout: ReadableStream<Uint8Array> }): AsyncGenerator<string> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

export async function nextLine(lines: AsyncGenerator<string>): Promise<string> {
  return (await lines.next()).value ?? "";
}

/** What a child of its own says when it tries to open a file: "opened", or why not. */
export async function openElsewhere(file: string, uid = 0): Promise<unknown> {
  const child = startChild("tryToOpen", file, { uid });
  return JSON.parse(await nextLine(linesOf(child)));
}

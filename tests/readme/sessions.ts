/** A command of a terminal session in a document, and what it prints. */
export interface Step {
  readonly command: string;
  readonly output: string;
}

/** A fenced block of a document: what stands behind its fence, and its lines. */
interface Fenced {
  readonly info: string;
  readonly text: string;
}

/** The sessions of a section: its fenced blocks that begin with a prompt. */
export function sessionsIn(markdown: string, heading: string): Step[][] {
  return fencedIn(sectionOf(markdown, heading)).filter(isSession).map(stepsIn);
}

export function fencedIn(markdown: string): Fenced[] {
  const blocks = markdown.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, info = "", text = ""]) => ({ info, text }));
}

export function isSession({ info, text }: Fenced): boolean {
  return info === "" && text.startsWith("$ ");
}

export function stepsIn({ text }: Fenced): Step[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command = "", ...output] = step.split("\n");
      return { command, output: output.join("\n").trim() };
    });
}

function sectionOf(markdown: string, heading: string): string {
  const start = markdown.indexOf(`\n## ${heading}\n`);
  if (start < 0) throw new Error(`no section ${heading}`);
  const end = markdown.indexOf("\n## ", start + 1);
  return markdown.slice(start, end < 0 ? undefined : end);
}

/** Runs commands in one shell. Gives what each writes to standard output, as far as the shell came. */
export async function printedBy(
  commands: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<string[]> {
  const mark = "-- next --";
  const script = commands.map((command) => `${command}\necho '${mark}'\n`).join("");
  const shell = Bun.spawn(["bash", "-c", script], { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
  return (await shell.stdout.text()).split(`${mark}\n`);
}

/** What does not depend on when and where it was printed. */
export function comparable(output: string): string {
  return output
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "<time>")
    .replaceAll(/\b1[7-9]\d{8}\b/g, "<timestamp>")
    .replaceAll(/\b[1-9A-HJ-NP-Za-km-z]{43,52}\b/g, "<id>")
    .replaceAll(/0x7b22[0-9a-f]{100,}/g, "<block>")
    .trim();
}

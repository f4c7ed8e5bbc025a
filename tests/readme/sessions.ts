/** A command of a terminal session in a document, and what it prints. */
export interface Step {
  readonly command: string;
  readonly output: string;
}

/** The sessions of a section: its fenced blocks that begin with a prompt. */
export function sessionsIn(markdown: string, heading: string): Step[][] {
  const blocks = sectionOf(markdown, heading).matchAll(/^```\n(\$ [\s\S]*?)^```$/gm);
  return [...blocks].map(([, text = ""]) => stepsIn(text));
}

function sectionOf(markdown: string, heading: string): string {
  const start = markdown.indexOf(`\n## ${heading}\n`);
  if (start < 0) throw new Error(`no section ${heading}`);
  const end = markdown.indexOf("\n## ", start + 1);
  return markdown.slice(start, end < 0 ? undefined : end);
}

function stepsIn(session: string): Step[] {
  return session
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const [command = "", ...output] = text.split("\n");
      return { command, output: output.join("\n").trim() };
    });
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

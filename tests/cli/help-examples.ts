/** The command lines that a help shows as examples. */
export function examplesIn(help: string): string[] {
  const [, lines = ""] = /^Examples:\n((?: {2}.*\n)+)/m.exec(help) ?? [];
  return lines.split("\n").flatMap((line) => (line === "" ? [] : [line.trim()]));
}

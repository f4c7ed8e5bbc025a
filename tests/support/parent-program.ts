// A program to be compiled, in the place of AvalancheGo's: to `--version` it answers with what is in the file beside it,
// and "hang" makes it take for ever. With a command, it runs that as its child, and once more when it fails.
import { readFileSync } from "node:fs";

const [first, ...command] = process.argv.slice(2);

if (first === "--version") {
  const text = readFileSync(`${process.execPath}.version`, "utf8");
  if (text === "hang") setInterval(() => {}, 1_000);
  else process.stdout.write(text);
} else if ((await run()) !== 0) process.exitCode = await run();

function run(): Promise<number> {
  return Bun.spawn([first ?? "", ...command], { stdio: ["ignore", "inherit", "inherit"] }).exited;
}

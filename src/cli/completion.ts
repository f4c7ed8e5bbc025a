import { Argument, type Command } from "commander";
import { helpAfter } from "./help.ts";
import { bashCompletion } from "./shell/bash.ts";
import { fishCompletion } from "./shell/fish.ts";
import { grammarOf } from "./shell/grammar.ts";
import { manualPage } from "./shell/man.ts";
import { zshCompletion } from "./shell/zsh.ts";
import type { Output } from "./terminal/output.ts";

const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** Prints a script by which a shell completes the commands of this program, and their options. */
export function addCompletionCommand(program: Command, { out }: Output): void {
  program
    .command("completion")
    .description("print a script that lets a shell complete commands and options")
    .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(scripts)))
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "`make install` puts the scripts where the shells find them. Without it: in ~/.bashrc, " +
            "`source <(timestampvm completion bash)`; in ~/.zshrc, behind compinit, `source <(timestampvm completion " +
            "zsh)`; for fish, write it to ~/.config/fish/completions/timestampvm.fish.",
        ],
        examples: ["timestampvm completion bash > timestampvm.bash"],
      }),
    )
    .action((shell: keyof typeof scripts) => out(scripts[shell](program.name(), grammarOf(program))));
}

/** Prints the manual page. */
export function addManCommand(program: Command, version: string, { out }: Output): void {
  program
    .command("man")
    .description("print the manual page, for man")
    .addHelpText("after", helpAfter({ examples: ["timestampvm man > timestampvm.1"] }))
    .action(() => out(manualPage(program, version)));
}

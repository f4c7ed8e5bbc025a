import { everyCommand, type Grammar, type OptionGrammar } from "./grammar.ts";

/** A script for fish that completes the words of a program. */
export function fishCompletion(program: string, grammar: Grammar): string {
  const commands = everyCommand(grammar);
  return `# fish completion for ${program}

function __${program}_at
    set -l command
    for word in (commandline -opc)[2..-1]
        switch "$command $word"
${commands.flatMap(({ path }) => (path.length === 0 ? [] : [step(path)])).join("\n")}
        end
    end
    test "$command" = "$argv"
end

complete -c ${program} -f
${commands.flatMap((command) => linesOf(program, command)).join("\n")}
`;
}

function step(path: readonly string[]): string {
  const [before, word] = [path.slice(0, -1).join(" "), path.at(-1)];
  return `            case '${before} ${word}'\n                set command '${path.join(" ")}'`;
}

function linesOf(program: string, { path, options, commands, takesFiles, choices }: Grammar): readonly string[] {
  const start = `complete -c ${program} -n "__${program}_at ${path.join(" ")}"`;
  return [
    ...commands.map(({ path, description }) => `${start} -a ${path.at(-1)} -d ${quote(description)}`),
    ...(choices.length === 0 ? [] : [`${start} -a ${quote(choices.join(" "))}`]),
    ...(takesFiles ? [`${start} -F`] : []),
    ...options.map((option) => `${start} ${optionWords(option)} -d ${quote(option.description)}`),
  ];
}

function optionWords({ short, long, value }: OptionGrammar): string {
  const name = `${short === undefined ? "" : `-s ${short.slice(1)} `}-l ${long.slice(2)}`;
  if (value === undefined) return name;
  if (value.isFile) return `${name} -rF`;
  return `${name} -x${value.choices.length === 0 ? "" : ` -a ${quote(value.choices.join(" "))}`}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

import { everyCommand, type Grammar } from "./grammar.ts";

/** A script for bash that completes the words of a program. It needs no other, and runs nothing of what is typed. */
export function bashCompletion(program: string, grammar: Grammar): string {
  const commands = everyCommand(grammar);
  return `# bash completion for ${program}

_${program}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command= word
  # Of --option=value, bash makes three words.
  if [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  if [[ $cur == = ]]; then cur=; fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$command $word" in
${commands.flatMap(({ path }) => (path.length === 0 ? [] : [step(path)])).join("\n")}
    esac
  done
  COMPREPLY=()
  case "$command $prev" in
${commands.flatMap(valueCases).join("\n")}
  esac
  case "$command" in
${commands.map(commandCase).join("\n")}
  esac
}

complete -F _${program} ${program}
`;
}

function step(path: readonly string[]): string {
  return `      "${path.slice(0, -1).join(" ")} ${path.at(-1)}") command="${path.join(" ")}" ;;`;
}

/** What comes behind an option that takes a value. */
function valueCases({ path, options }: Grammar): readonly string[] {
  return options.flatMap(({ short, long, value }) => {
    if (value === undefined) return [];
    const names = [long, ...(short === undefined ? [] : [short])].map((name) => `"${path.join(" ")} ${name}"`);
    return [`    ${names.join(" | ")}) ${value.isFile ? files : reply(value.choices)}; return ;;`];
  });
}

function commandCase({ path, options, commands, takesFiles, choices }: Grammar): string {
  const words = [...commands.map(({ path }) => path.at(-1) ?? ""), ...choices];
  const names = options.flatMap(({ short, long }) => (short === undefined ? [long] : [long, short]));
  const others = takesFiles ? files : reply(words);
  return `    "${path.join(" ")}") if [[ $cur == -* ]]; then ${reply(names)}; else ${others}; fi ;;`;
}

/** The shell's own completion of files. */
const files = "compopt -o default";

function reply(words: readonly string[]): string {
  return words.length === 0 ? ":" : `COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$cur"))`;
}

import { everyCommand, type Grammar, type OptionGrammar } from "./grammar.ts";

/** A script for zsh that completes the words of a program. */
export function zshCompletion(program: string, grammar: Grammar): string {
  const functions = everyCommand(grammar).map((command) => functionOf(program, command));
  return `#compdef ${program}

${functions.join("\n\n")}

if [ "$funcstack[1]" = "_${program}" ]; then _${program} "$@"; else compdef _${program} ${program}; fi
`;
}

function functionOf(program: string, command: Grammar): string {
  const { path, options, commands, takesFiles, choices } = command;
  const specs = options.flatMap(specsOf);
  if (commands.length === 0) {
    const words = choices.length === 0 ? [] : [quote(`*: :(${choices.join(" ")})`)];
    return body(program, path, [
      `_arguments -s ${[...specs, ...words, ...(takesFiles ? ["'*:file:_files'"] : [])].join(" ")}`,
    ]);
  }
  const calls = commands.map(({ path }) => `${path.at(-1)}) ${nameOf(program, path)} ;;`);
  return body(program, path, [
    "local context state state_descr line",
    "typeset -A opt_args",
    `_arguments -C ${[...specs, "'1: :->command'", "'*:: :->rest'"].join(" ")}`,
    "case $state in",
    `  command) local -a commands; commands=(${commands.map(describe).join(" ")}); _describe command commands ;;`,
    `  rest) case $words[1] in ${calls.join(" ")} esac ;;`,
    "esac",
  ]);
}

function body(program: string, path: readonly string[], lines: readonly string[]): string {
  return `${nameOf(program, path)}() {\n${lines.map((line) => `  ${line}`).join("\n")}\n}`;
}

function nameOf(program: string, path: readonly string[]): string {
  return ["", program, ...path].join("_");
}

function describe({ path, description }: Grammar): string {
  return quote(`${path.at(-1)}:${description}`);
}

function specsOf({ short, long, description, value }: OptionGrammar): readonly string[] {
  const words = description.replace(/[[\]:\\]/g, "\\$&");
  const names = short === undefined ? [long] : [long, short];
  const joined = value === undefined ? "" : "="; // --option=value, too
  return names.map((name) => {
    const taken = name === long ? joined : "";
    return quote(`(${names.join(" ")})${name}${taken}[${words}]${valueSpec(value)}`);
  });
}

function valueSpec(value: OptionGrammar["value"]): string {
  if (value === undefined) return "";
  if (value.isFile) return `:${value.name}:_files`;
  return `:${value.name}:${value.choices.length === 0 ? "" : `(${value.choices.join(" ")})`}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

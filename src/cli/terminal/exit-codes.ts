/** What a command that asks a chain leaves with. */
export function exitCodes(failure: string, more = ""): string {
  return `\nExit codes: 0 done; 1 ${failure}; 2 wrong use${more}.`;
}

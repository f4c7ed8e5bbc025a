export type Paint = (style: keyof typeof codeByStyle, text: string) => string;

/** Gives text its colour, or leaves it as it is. */
export function createPaint(isColoured = false): Paint {
  return (style, text) => (isColoured ? `\u001b[${codeByStyle[style]}m${text}\u001b[0m` : text);
}

/** ECMA-48, 8.3.117. */
const codeByStyle = { bold: 1, dim: 2, green: 32, yellow: 33 } as const;

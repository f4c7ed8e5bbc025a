/** How often a property is tried. With `LONG_TESTS=1`, make takes the second number, and gives a test an hour. */
export function runs(short: number, long: number): number {
  return process.env.LONG_TESTS ? long : short;
}

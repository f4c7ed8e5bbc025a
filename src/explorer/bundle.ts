/**
 * A script or a style sheet of this folder as browsers take it: with all that it imports, minified. Called as a macro,
 * so that the text is a constant of the program. (A macro may not call `Bun.build`, which waits for the bundler that
 * waits for the macro.)
 */
export function bundle(file: string): string {
  const path = `${import.meta.dir}/${file}`;
  const command = [process.execPath, "build", "--target=browser", "--format=iife", "--minify", path];
  const { success, stdout, stderr } = Bun.spawnSync(command);
  if (!success) throw new Error(`cannot bundle ${file}: ${stderr}`);
  const text = stdout.toString().trim();
  if (/<\/(script|style)|<!--/i.test(text)) throw new Error(`${file} holds text that would end its element in a page`);
  return text;
}

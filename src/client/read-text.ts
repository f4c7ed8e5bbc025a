/** Reads a body as UTF-8. Undefined for more than `maxBytes`, which are not read. Compressed, the text counts. */
export async function readText({ body }: Pick<Response, "body">, maxBytes: number): Promise<string | undefined> {
  if (body === null) return "";
  const reader = body.getReader(); // not every browser can iterate over a body
  const decoder = new TextDecoder();
  let text = "";
  for (let bytes = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > maxBytes) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}

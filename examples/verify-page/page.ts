import { digestOf, maxOtsBytes } from "timestampvm/proof";
import { verify } from "./verify.ts";

// Takes what the reader of the page gives, and shows the verdict.

const form = document.querySelector("form");
const output = document.querySelector("output");

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  show(["One moment…"]);
  const given = new FormData(form);
  const [proof, original] = [fileOf(given, "proof"), fileOf(given, "original")];
  try {
    // No proof is larger; of another file, this is enough to see that it is none.
    const ots = new Uint8Array((await proof?.slice(0, maxOtsBytes + 1).arrayBuffer()) ?? []);
    const digest = original && digestOf(new Uint8Array(await original.arrayBuffer()));
    show(await verify({ ots, digest, id: textOf(given, "id"), url: textOf(given, "url") }));
  } catch (error) {
    show(["This cannot be verified here.", String(error)]);
  }
});

function show(lines: readonly string[]): void {
  if (output !== null) output.textContent = lines.join("\n");
}

/** A form has an empty file where none was chosen. */
function fileOf(given: FormData, name: string): File | undefined {
  const value = given.get(name);
  return value instanceof File && value.name !== "" ? value : undefined;
}

function textOf(given: FormData, name: string): string {
  return String(given.get(name)).trim();
}

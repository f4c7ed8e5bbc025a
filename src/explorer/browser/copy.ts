import { announce } from "./dom.ts";

const thanksMs = 1_500;

/** Shows the copy buttons if the browser lets pages copy: over HTTPS, and from this machine. */
export function enableCopying(): void {
  if (!("clipboard" in navigator)) return;
  for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    button.hidden = false;
    button.onclick = async () => {
      const isCopied = await navigator.clipboard.writeText(button.dataset.copy ?? "").then(
        () => true,
        () => false,
      );
      button.textContent = isCopied ? "Copied" : "Not copied";
      announce(button.textContent);
      setTimeout(() => {
        button.textContent = "Copy";
      }, thanksMs);
    };
  }
}

import { announce } from "./dom.ts";

const thanksMs = 1_500;

/** Shows the buttons that copy the text beside them. */
export function enableCopying(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("button.copy")) {
    button.hidden = false;
    button.onclick = async () => {
      const isCopied = await copy(button.parentElement?.querySelector("code") ?? button);
      button.textContent = isCopied ? "Copied" : "Not copied: press Ctrl+C";
      announce(button.textContent);
      setTimeout(
        () => {
          button.textContent = "Copy";
        },
        isCopied ? thanksMs : 10 * thanksMs,
      );
    };
  }
}

/** Gives whether the text is copied. If not, it is selected. */
function copy(shown: Element): Promise<boolean> {
  if (!("clipboard" in navigator)) return Promise.resolve(copySelected(shown));
  return navigator.clipboard.writeText(shown.textContent).then(
    () => true,
    () => copySelected(shown),
  );
}

/** Browsers let a page write to the clipboard only over HTTPS and from the same machine; this way, anywhere. */
function copySelected(shown: Element): boolean {
  const selection = getSelection();
  selection?.selectAllChildren(shown);
  const isCopied = document.execCommand("copy");
  if (isCopied) selection?.removeAllRanges();
  return isCopied;
}

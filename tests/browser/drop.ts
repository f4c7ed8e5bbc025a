import type { Page } from "playwright-core";

/** What falls on a page. */
export interface Dropped {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** Lets files fall anywhere on the page, all at once, as the browser reports it. */
export async function dropFiles(page: Page, files: readonly Dropped[]): Promise<void> {
  const made = files.map(({ name, content }) => ({ name, base64: Buffer.from(content).toString("base64") }));
  const dataTransfer = await page.evaluateHandle(
    `(() => {
      const transfer = new DataTransfer();
      for (const { name, base64 } of ${JSON.stringify(made)}) {
        transfer.items.add(new File([Uint8Array.fromBase64(base64)], name));
      }
      return transfer;
    })()`,
  );
  await page.dispatchEvent("body", "dragover", { dataTransfer });
  await page.dispatchEvent("body", "drop", { dataTransfer });
}

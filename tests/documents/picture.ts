import { chromium } from "playwright-core";
import { createClient } from "../../src/client/client.ts";
import { DevProcess } from "../support/dev-process.ts";

// The picture of the page that the README shows: `picture.ts FILE`, with Chromium.

const [path = ""] = process.argv.slice(2);
await using dev = new DevProcess([]);
const rpc = await dev.rpc();
const call = createClient(rpc);
for (const text of ["Minutes of the meeting, 12 June", "the formula for the glaze", "for all to read"]) {
  const { id } = await call("stamp", { data: `0x${Buffer.from(text).toString("hex")}` });
  await call("getReceipt", { id, waitMs: 25_000 });
}

const executablePath = ["chromium", "chromium-browser", "google-chrome"].flatMap((name) => Bun.which(name) ?? [])[0];
const browser = await chromium.launch({ ...(executablePath && { executablePath }), args: ["--no-sandbox"] });
const page = await browser.newPage({
  viewport: { width: 900, height: 760 },
  deviceScaleFactor: 1.5,
  reducedMotion: "reduce",
});
await page.goto(rpc.replace(/rpc$/, "explorer"));
await page.setInputFiles("#file", {
  name: "idea.txt",
  mimeType: "text/plain",
  buffer: Buffer.from("what I thought of today\n"),
});
await page.getByRole("button", { name: "Stamp it now" }).click();
await page.getByRole("heading", { name: "First stamped" }).waitFor();
await page.getByRole("link", { name: "0x" }).first().waitFor();
await page.screenshot({ path });
await browser.close();

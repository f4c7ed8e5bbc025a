import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** Chromium on this machine; undefined where there is none. */
export const browserPath: string | undefined = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => Bun.which(name))
  .find((path) => path !== null);

/** Leads to this machine as any host does: without HTTPS, browsers trust only pages of the machine itself. */
export const hostName = "node.example";

const quiet = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  `--host-resolver-rules=MAP ${hostName} 127.0.0.1`,
];

/** Less than a test may take: what fails says then for what it has waited. */
const waitMs = 60_000;

let launched: Promise<Browser> | undefined;

/** What each file of tests ends with. */
export async function closeBrowser(): Promise<void> {
  const browser = await launched;
  launched = undefined;
  await browser?.close();
}

/** A page, and all that must not happen on it. */
export class Tab implements AsyncDisposable {
  readonly page: Page;
  readonly #context: BrowserContext;
  /** Whatever the page asked for. */
  readonly requested: string[] = [];
  /** Exceptions, dialogs and violations of the page's own policy. */
  readonly problems: string[] = [];

  /** One browser serves all tests of a file, each with a session of its own. */
  static async open(options: BrowserContextOptions = {}): Promise<Tab> {
    launched ??= chromium.launch({ ...(browserPath && { executablePath: browserPath }), args: quiet });
    const context = await (await launched).newContext(options);
    context.setDefaultTimeout(waitMs);
    return new Tab(context, await context.newPage());
  }

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on("request", (request) => this.requested.push(request.url()));
    page.on("pageerror", (error) => this.problems.push(`exception: ${error.message}`));
    page.on("dialog", (dialog) => {
      this.problems.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("console", (message) => {
      if (/Content Security Policy|Refused to/.test(message.text())) this.problems.push(message.text());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }
}

/** What the rules of the WCAG find at fault. Its page has axe-core. */
export async function faults(page: Page): Promise<string[]> {
  const run = `axe.run({ resultTypes: ["violations"] })`;
  const { violations } = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(run);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

import type { CallApi } from "../../client/client.ts";
import { maxWaitMs } from "../../client/limits.ts";
import { systemClock } from "../../client/waiting.ts";
import { announce } from "./dom.ts";
import { addLocalTimes } from "./times.ts";

/** Milliseconds between two updates, so that a fast chain does not flicker. */
const restMs = 1_000;
const retryMs = 2_000;
/** Milliseconds between two announcements to people who listen to the page. */
const announceMs = 10_000;

const stopsList = "Stops the list";

/** Keeps the list of the newest blocks up to date, until its button is pressed. */
export function followChain(call: CallApi): void {
  const list = document.getElementById("blocks");
  const button = document.getElementById("live");
  if (list === null || button === null) return;
  let isOn = true;
  let following: AbortController | undefined;
  const update = () => {
    const isWanted = isOn && document.visibilityState === "visible";
    if (!isWanted) {
      following?.abort();
      following = undefined;
    } else if (following === undefined) {
      following = new AbortController();
      void follow(call, list, button, following.signal);
    }
    button.textContent = isOn ? "Live" : "Paused";
    button.title = isOn ? stopsList : "Lets the list follow the chain again";
    button.classList.toggle("on", isOn);
    button.classList.remove("down");
  };
  button.hidden = false;
  button.onclick = () => {
    isOn = !isOn;
    update();
    announce(button.textContent);
  };
  document.addEventListener("visibilitychange", update);
  update();
}

async function follow(call: CallApi, list: HTMLElement, button: HTMLElement, signal: AbortSignal): Promise<void> {
  let isWell = true;
  while (!signal.aborted) {
    try {
      if (!isWell) await refresh(list, signal); // the chain may have been reset
      const from = heightOf(list) + 1n;
      const params = { from, order: "ascending", limit: 1, waitMs: isWell ? maxWaitMs : 0 } as const;
      const { blocks } = await call("getBlocks", params, signal);
      if (blocks.length > 0) await refresh(list, signal);
      isWell = true;
    } catch {
      isWell = false;
    }
    if (signal.aborted) return;
    showHealth(button, isWell);
    await systemClock.pause(isWell ? restMs : retryMs);
  }
}

function showHealth(button: HTMLElement, isWell: boolean): void {
  button.textContent = isWell ? "Live" : "No answer. Trying again…";
  button.title = isWell ? stopsList : "The node does not answer";
  button.classList.toggle("down", !isWell);
}

function heightOf(list: HTMLElement): bigint {
  return BigInt(list.querySelector<HTMLElement>("[data-height]")?.dataset.height ?? -1);
}

/** Copies new blocks from the server's page into the list, and leaves the others as they are. */
async function refresh(list: HTMLElement, signal: AbortSignal): Promise<void> {
  const response = await fetch("explorer", { signal });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  addLocalTimes(page);
  const rows = [...page.querySelectorAll<HTMLElement>("#blocks > li")];
  const shown = new Set([...list.children].map((row) => (row as HTMLElement).dataset.block));
  const added = rows.filter((row) => !shown.has(row.dataset.block));
  const kept = new Set(rows.map((row) => row.dataset.block));
  for (const row of [...list.children].reverse()) {
    if (!kept.has((row as HTMLElement).dataset.block) && !hasFocusAtEnd(list, row)) row.remove();
  }
  for (const row of added) row.classList.add("new");
  list.prepend(...added);
  for (const id of ["height", "last-block", "below"]) replace(id, page);
  announceBlocks(added.length, heightOf(list));
}

/** Keeps the oldest block while it has the focus: else its reader would be thrown back to the top of the page. */
function hasFocusAtEnd(list: HTMLElement, row: Element): boolean {
  return row === list.lastElementChild && row.contains(document.activeElement);
}

/** Leaves the element with the focus, for the same reason. */
function replace(id: string, page: Document): void {
  const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
  if (old !== null && fresh !== null && !old.contains(document.activeElement)) old.replaceWith(fresh);
}

let announcedAt = -announceMs;
let unannounced = 0;

function announceBlocks(added: number, height: bigint): void {
  unannounced += added;
  if (unannounced === 0 || performance.now() - announcedAt < announceMs) return;
  announce(unannounced === 1 ? `Block ${height} accepted` : `${unannounced} blocks accepted, up to height ${height}`);
  announcedAt = performance.now();
  unannounced = 0;
}

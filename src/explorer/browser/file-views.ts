import { formatIsoTime, formatNumber, formatSize } from "../../core/format.ts";
import { formatTime } from "../format-time.ts";
import { relativeTime } from "../relative-time.ts";
import { element } from "./dom.ts";
import type { Found } from "./stamping.ts";

// What the place for files shows.

export function dropZone(onFile: (file: File) => void): HTMLElement {
  const input = element("input", { type: "file", id: "file", className: "unseen" });
  input.onchange = () => {
    const file = input.files?.[0];
    if (file !== undefined) onFile(file);
  };
  return element(
    "div",
    { className: "drop" },
    element(
      "p",
      { className: "quiet" },
      "Choose one, or drop it here. It is hashed in this browser and never uploaded: only its SHA-256 goes on the chain, when you say so.",
    ),
    element("div", {}, input, element("label", { htmlFor: "file", className: "button" }, "Choose a file")),
  );
}

/** Takes a file that is dropped anywhere: a browser would leave the page for one that misses the place. */
export function acceptDrops(panel: HTMLElement, onFile: (file: File) => void): void {
  const mark = (isOver: boolean) => panel.classList.toggle("over", isOver);
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => mark(event.relatedTarget !== null));
  document.addEventListener("drop", (event) => {
    mark(false);
    const file = event.dataTransfer?.files[0];
    if (file === undefined) return;
    event.preventDefault();
    onFile(file);
  });
}

export function about(file: File, digest: string): HTMLElement {
  return element(
    "dl",
    { className: "fields" },
    element("dt", {}, "File"),
    element(
      "dd",
      {},
      element("bdi", {}, file.name),
      " ",
      element("span", { className: "quiet" }, formatSize(file.size)),
    ),
    element("dt", {}, "SHA-256"),
    element("dd", {}, element("a", { href: `?digest=${digest}` }, element("code", {}, digest))),
  );
}

export function firstStamp({ id, height, timestamp, match }: Found): HTMLElement {
  const time = formatTime(timestamp);
  const now = Math.floor(Date.now() / 1000);
  return element(
    "div",
    {},
    element(
      "p",
      { className: "stamped" },
      element("time", { dateTime: time?.iso ?? "" }, time?.text ?? formatIsoTime(timestamp)),
    ),
    element(
      "p",
      { className: "quiet" },
      `${relativeTime(Number(timestamp), now)}, in `,
      element("a", { href: `?block=${id}` }, `block ${formatNumber(height)}`),
      match === "digest" ? ", which carries its SHA-256" : ", which carries the file itself",
    ),
  );
}

export function actions(...buttons: readonly HTMLButtonElement[]): HTMLElement {
  return element("div", { className: "actions" }, ...buttons);
}

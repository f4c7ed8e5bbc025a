import type { CallApi } from "../../client/client.ts";
import type { ResultOf } from "../../client/contract.ts";
import { formatExactJson } from "../../core/exact-json.ts";
import { formatNumber } from "../../core/format.ts";
import { announce, element, messageOf } from "./dom.ts";

type Proof = ResultOf<"getProof">["proof"];

/** Shows the buttons that download the proof of a block. */
export function enableProofs(call: CallApi): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-proof]")) {
    const { proof, name } = button.dataset;
    if (proof !== undefined) enableProof(button, call, proof, name ?? "block");
  }
}

/** Lets a button download the proof of block `id` as `NAME.proof.json`, and say how it goes. */
export function enableProof(button: HTMLButtonElement, call: CallApi, id: string, name: string): void {
  const label = button.textContent;
  let isBusy = false; // a disabled button would lose the focus
  button.hidden = false;
  button.onclick = async () => {
    if (isBusy) return;
    isBusy = true;
    try {
      const proof = await fetchProof(call, id, (blocks) => {
        button.textContent = `${formatNumber(blocks)} blocks…`;
      });
      save(`${name}.proof.json`, `${formatExactJson(proof)}\n`);
      button.textContent = label;
      announce("Proof downloaded");
    } catch (error) {
      button.textContent = `No proof: ${messageOf(error)}`;
      announce(button.textContent);
    }
    isBusy = false;
  };
}

/** The proof up to the newest block. A long one comes in parts, each of which begins with the last block of the one before. */
async function fetchProof(call: CallApi, id: string, onProgress: (blocks: number) => void): Promise<Proof> {
  const { id: to } = await call("lastAccepted", undefined);
  const start = await call("getProof", { id, to });
  const blocks = [...start.proof.blocks];
  let part = start;
  while (part.next !== undefined) {
    onProgress(blocks.length);
    part = await call("getProof", { id: part.next, to });
    blocks.push(...part.proof.blocks.slice(1));
  }
  return { ...start.proof, to: part.proof.to, blocks };
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), keepMs);
}

/** Milliseconds after which a browser has surely begun to save. */
const keepMs = 60_000;

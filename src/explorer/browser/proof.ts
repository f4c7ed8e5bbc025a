import { messageOf } from "../../avalanche/coded-error.ts";
import type { CallApi } from "../../client/client.ts";
import { fetchProof, type Proof } from "../../client/fetch-proof.ts";
import { formatExactJson } from "../../core/exact-json.ts";
import { formatNumber } from "../../core/format.ts";
import { checkProof, maxProofFileBytes } from "../../proof/block-proof.ts";
import { expectAbleToCheck } from "./check-proof.ts";
import { announce, element } from "./dom.ts";

/** Shows the buttons that download the proof of a block. */
export function enableProofs(call: CallApi): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-proof]")) {
    const { proof, name } = button.dataset;
    if (proof !== undefined) enableProof(button, call, proof, name ?? "block");
  }
}

/** Lets a button download the proof of block `id` as `NAME.proof.json`, and show its progress. */
export function enableProof(button: HTMLButtonElement, call: CallApi, id: string, name: string): void {
  const label = button.textContent;
  let isBusy = false; // a disabled button would lose the focus
  button.hidden = false;
  button.onclick = async () => {
    if (isBusy) return;
    isBusy = true;
    try {
      const proof = await fetchWhole(call, id, (_first, blocks) => {
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

/** Fetches and checks the proof up to the newest block. */
async function fetchWhole(call: CallApi, id: string, onPart: (first: Proof, blocks: number) => void): Promise<Proof> {
  expectAbleToCheck();
  const { id: to } = await call("lastAccepted", undefined);
  return fetchProof(call, { id }, to, { check: checkProof, maxBytes: maxProofFileBytes, onPart });
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), keepMs);
}

/** Milliseconds after which a browser has certainly begun to save the file. */
const keepMs = 60_000;

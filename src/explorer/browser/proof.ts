import { messageOf } from "../../avalanche/coded-error.ts";
import type { CallApi } from "../../client/client.ts";
import { fetchProof, type Proof, type ProofSubject } from "../../client/fetch-proof.ts";
import { formatExactJson } from "../../core/exact-json.ts";
import { checkProof, maxProofFileBytes } from "../../proof/block-proof.ts";
import { expectAbleToCheck } from "./check-proof.ts";
import { announce, element } from "./dom.ts";
import { save } from "./save.ts";

/** Shows the buttons that download the proof of a block. */
export function enableProofs(call: CallApi): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-proof]")) {
    const { proof, name = "block" } = button.dataset;
    if (proof !== undefined) enableProof(button, call, { subject: { id: proof }, name });
  }
}

/** What a button downloads: the proof of a block, as `NAME.proof.json`. */
export interface WantedProof {
  readonly subject: ProofSubject;
  readonly name: string;
}

/** Lets a button download a proof. */
function enableProof(button: HTMLButtonElement, call: CallApi, { subject, name }: WantedProof): void {
  const label = button.textContent;
  let isBusy = false; // a disabled button would lose the focus
  button.hidden = false;
  button.onclick = async () => {
    if (isBusy) return;
    isBusy = true;
    try {
      const proof = await fetchNear(call, subject);
      save(`${name}.proof.json`, new Blob([`${formatExactJson(proof)}\n`], { type: "application/json" }));
      button.textContent = proof.blocks.length === 1 ? nothingYet : label;
      announce(proof.blocks.length === 1 ? nothingYet : "Proof downloaded");
    } catch (error) {
      button.textContent = `No proof: ${messageOf(error)}`;
      announce(button.textContent);
    }
    isBusy = false;
  };
}

/** Of a proof that leads to itself. */
const nothingYet = "One block proves nothing yet: download again when there is a later one";

/** A button that downloads a proof as JSON. It is quiet, since it stands beside that of an `.ots` file. */
export function proofButton(call: CallApi, wanted: WantedProof): HTMLButtonElement {
  const made = element("button", { type: "button", className: "button quiet" }, "Proof for auditors (JSON)");
  enableProof(made, call, wanted);
  return made;
}

/** Fetches and checks the proof up to the next block, so that it does not grow with what others stamp. */
async function fetchNear(call: CallApi, subject: ProofSubject): Promise<Proof> {
  expectAbleToCheck();
  return fetchProof(call, subject, undefined, { check: checkProof, maxBytes: maxProofFileBytes });
}

import { messageOf } from "../../avalanche/coded-error.ts";
import type { CallApi } from "../../client/client.ts";
import { enableCopying } from "./copy.ts";
import { announce, button, element } from "./dom.ts";
import { actions, nonceToKeep, saltedStamp } from "./file-views.ts";
import { patient } from "./patience.ts";
import { proofButton } from "./proof.ts";
import { type Salted, stampOf, subjectOf, waitForBlock } from "./stamping.ts";

/**
 * For the page of a digest that is in no accepted block: a button that stamps it; if it is stamped already, only waits
 * for its block. Reloads the page when the block is there.
 */
export function offerToStamp(call: CallApi): void {
  const place = document.getElementById("stamp-digest");
  const { digest, receipt } = place?.dataset ?? {};
  if (place === null || digest === undefined) return;
  const { signal } = new AbortController();
  const nonce = element("div");
  const stampOnce = stampOf(digest, (text) => {
    nonce.replaceChildren(nonceToKeep(text));
    enableCopying();
  });
  const say = (text: string) => {
    const hadFocus = place.contains(document.activeElement);
    const status = element("p", { tabIndex: -1 }, text);
    place.replaceChildren(status, nonce);
    if (hadFocus)
      status.focus(); // the focused button is gone
    else announce(text);
  };
  const asked = patient(call, place, "The SHA-256");
  const attempt = async (step: () => Promise<void>) => {
    try {
      await step();
    } catch (error) {
      say(messageOf(error));
      place.append(button("Stamp it now", "button", stamp));
    }
  };
  const stamp = () => {
    say("Stamping…");
    void attempt(async () => {
      const salted = await stampOnce(asked, say, signal);
      if (salted === undefined) location.reload();
      else showSalted(call, place, digest, salted);
    });
  };
  if (receipt === undefined) place.append(button("Stamp it now", "button", stamp));
  else
    void attempt(async () => {
      await waitForBlock(asked, { id: receipt, status: "pending" }, say, signal);
      location.reload();
    });
}

/** Somebody has put the SHA-256 into a block meanwhile. Only this page knows the nonce, so it stays. */
function showSalted(call: CallApi, place: HTMLElement, digest: string, salted: Salted): void {
  place.replaceChildren(
    saltedStamp(salted),
    actions(proofButton(call, { subject: subjectOf(digest, salted), name: digest.slice(0, 8) })),
  );
  enableCopying();
}

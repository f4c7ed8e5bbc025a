import { messageOf } from "../../avalanche/coded-error.ts";
import type { CallApi } from "../../client/client.ts";
import { announce, button, element } from "./dom.ts";
import { stampDigest, waitForBlock } from "./stamping.ts";

/**
 * For the page of a digest that is in no accepted block: a button that stamps it; if it is stamped already, only waits
 * for its block. Reloads the page when the block is there.
 */
export function offerToStamp(call: CallApi): void {
  const place = document.getElementById("stamp-digest");
  const { digest, receipt } = place?.dataset ?? {};
  if (place === null || digest === undefined) return;
  const { signal } = new AbortController();
  const say = (text: string) => {
    const hadFocus = place.contains(document.activeElement);
    const status = element("p", { tabIndex: -1 }, text);
    place.replaceChildren(status);
    if (hadFocus)
      status.focus(); // the focused button is gone
    else announce(text);
  };
  const attempt = async (step: () => Promise<void>) => {
    try {
      await step();
      location.reload();
    } catch (error) {
      say(messageOf(error));
      place.append(button("Stamp it now", "button", stamp));
    }
  };
  const stamp = () => void attempt(() => stampDigest(call, digest, say, signal));
  if (receipt === undefined) place.append(button("Stamp it now", "button", stamp));
  else void attempt(() => waitForBlock(call, { id: receipt, status: "pending" }, say, signal));
}

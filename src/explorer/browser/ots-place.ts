import { messageOf } from "../../avalanche/coded-error.ts";
import type { StampSummary } from "../../client/confirmed-block.ts";
import { button, element } from "./dom.ts";
import { keepStamps } from "./history.ts";
import { fetchBlocks, otsButton, otsOf, toFile } from "./ots-files.ts";
import { type Place, verifyOts } from "./verify-panel.ts";

/** Where the proof of a file can be saved and checked, once its blocks are fetched. It is kept in the history. */
export function otsPlace(place: Place, file: File, digest: string, stamps: readonly StampSummary[]): HTMLElement {
  const made = element("div", { className: "actions" }, "Making the proof…");
  const make = async () => {
    const download = otsOf(file.name, digest, await fetchBlocks(place.call, stamps));
    await keepStamps([download]);
    const check = button("Check it, and print a certificate", "button quiet", () =>
      verifyOts(place, [toFile(download)], [file]),
    );
    made.replaceChildren(otsButton(download), check);
  };
  make().catch((error) => made.replaceChildren(`No proof (.ots): ${messageOf(error)}`));
  return made;
}

import { countOf } from "../../core/format.ts";
import { button, element } from "./dom.ts";
import { actions, timeOf } from "./file-views.ts";
import { forgetStamps, keptStamps, onHistory } from "./history.ts";
import { otsButton, zipButton } from "./ots-files.ts";

/** Proofs that are listed. All of them are in the ZIP file. */
const maxListed = 100;

/** Lists the proofs that were made in this browser, if there are any. */
export function showHistory(): void {
  const panel = document.getElementById("history");
  if (panel === null) return;
  const show = () => void fill(panel);
  onHistory(show);
  show();
}

async function fill(panel: HTMLElement): Promise<void> {
  const stamps = await keptStamps();
  panel.hidden = stamps.length === 0;
  const forget = button("Forget them", "button quiet", () => {
    forget.replaceWith(button("Forget them all? The proofs that you saved stay.", "button quiet", forgetStamps));
  });
  panel.replaceChildren(
    element("h2", { id: "history-heading" }, "Proofs made in this browser"),
    element(
      "p",
      { className: "quiet" },
      `${countOf(stamps.length, "proof")}, kept in this browser alone, and never sent.`,
    ),
    element(
      "ul",
      { className: "files" },
      ...stamps
        .slice(0, maxListed)
        .map((stamp) =>
          element(
            "li",
            {},
            element("bdi", {}, stamp.name),
            " ",
            timeOf(BigInt(Math.floor(stamp.keptMs / 1_000))),
            " ",
            otsButton(stamp, "button quiet"),
          ),
        ),
    ),
    actions(zipButton(stamps), forget),
  );
}

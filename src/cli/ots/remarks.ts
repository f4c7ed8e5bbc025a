import { formatNumber } from "../../core/format.ts";
import type { OtsFile } from "../../proof/ots/timestamp.ts";
import { messagesOf } from "../../proof/ots/walk.ts";
import { describeBlock, describeStatement, nameByKind, type Statement, statementsOf } from "./statements.ts";

/** Lines about what a proof says beside the blocks that it proves. A long list is cut. */
export function remarksOf(ots: OtsFile): readonly string[] {
  const remarks = messagesOf(ots).flatMap(statementsOf).flatMap(remarkOf).toArray();
  const more = remarks.length - maxRemarks;
  return more > 0 ? [...remarks.slice(0, maxRemarks), `${formatNumber(more)} more`] : remarks;
}

const maxRemarks = 16;

function remarkOf(statement: Statement): readonly string[] {
  const said = describeStatement(statement);
  switch (statement.kind) {
    case "block":
      return [];
    case "newer":
      return [`a block ${said}`];
    case "unsound":
      return [`a block that proves nothing: ${said}`];
    case "calendar":
      return [`the calendar ${said} promised more: it was not asked`];
    case "unknown":
      return [said];
    default:
      return [`${nameByKind[statement.kind]} ${said}: ${describeBlock(statement)}; not checked here`];
  }
}

import { formatSize } from "../../core/format.ts";
import type { Op } from "../../proof/ots/op.ts";
import type { OtsFile } from "../../proof/ots/timestamp.ts";
import { type Message, messagesOf } from "../../proof/ots/walk.ts";
import { describeBlock, describeStatement, nameByKind, type Statement, showBytes, statementsOf } from "./statements.ts";
import { transactionIdOf } from "./transaction.ts";

/**
 * Gives the lines of a proof's tree in the form of the stock client of OpenTimestamps: an operation on each, behind
 * `->` if several follow from one message, and what is said of a message.
 */
export function* treeLines(file: OtsFile): Generator<string, void> {
  /** Of what follows from each message on the way to the present one, by its depth. */
  const indents: Indent[] = [];
  for (const message of messagesOf(file)) {
    const { depth, op, timestamp } = message;
    const { text, isForked } = indents[depth - 1] ?? firstIndent;
    const indent = isForked ? `${text}    ` : text;
    if (op !== undefined) yield `${text}${isForked ? " -> " : ""}${showOp(op)}`;
    for (const line of linesAbout(message)) yield `${indent}${line}`;
    indents[depth] = { text: indent, isForked: timestamp.branches.length > 1 };
  }
}

interface Indent {
  readonly text: string;
  readonly isForked: boolean;
}

const firstIndent: Indent = { text: "", isForked: false };

function showOp(op: Op): string {
  return "bytes" in op ? `${op.kind} ${op.bytes.toHex()}` : op.kind;
}

function linesAbout(message: Message): readonly string[] {
  const transaction = transactionIdOf(message.bytes);
  const lines = statementsOf(message).flatMap(linesOf);
  return transaction === undefined ? lines : [...lines, `# Bitcoin transaction ${transaction}`];
}

function linesOf(statement: Statement): readonly string[] {
  const notes = [describeBlock(statement), ...detailsOf(statement)].filter((note) => note !== undefined);
  return [`${nameByKind[statement.kind]} ${describeStatement(statement)}`, ...notes.map((note) => `# ${note}`)];
}

/** What only the bytes of the file show otherwise. */
function detailsOf(statement: Statement): readonly string[] {
  if (statement.kind === "unknown") return [showBytes(statement.payload)];
  if (statement.kind !== "block") return [];
  const { parentId, data } = statement.block;
  return [`its parent ${parentId}`, `it carries ${formatSize(data.length)}: ${showBytes(data)}`];
}

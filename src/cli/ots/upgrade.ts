import type { Command } from "commander";
import { fetchServedChain } from "../../client/confirmed-block.ts";
import { summaryOf } from "../../core/block.ts";
import { describeExistence } from "../../core/time-words.ts";
import { helpAfter } from "../help.ts";
import { addConnectionOptions, type ConnectionOptions, connect } from "../node/connection.ts";
import type { FileAnswer } from "../node/each-file.ts";
import { claimNote } from "../node/time-rows.ts";
import { type NamedSource, severalFilesNote } from "../source.ts";
import type { Output } from "../terminal/output.ts";
import { answerProofs, collectFiles, replacedProofs, replaceProof } from "./answer-proofs.ts";
import { readOtsFile } from "./ots-files.ts";
import { type KnownBlock, type ServingNode, type Upgraded, upgradeOts } from "./upgrade-ots.ts";

/** Adds blocks to proofs that have none, and replaces blocks that the chain does not have. */
export function addUpgradeCommand(program: Command, output: Output): void {
  const command = program
    .command("upgrade")
    .description("add the block of a stamp to proofs of files that have none")
    .argument("<proofs...>", replacedProofs, collectFiles);
  addConnectionOptions(command)
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "Asks the node for a block that carries what the proof is about. A proof by calendars alone becomes whole " +
            "if the file, or the tree that it is in, was stamped here. No calendar is asked.",
          "A block that the node has stays as it is. A power cut may take the newest blocks from a chain, which then " +
            "puts the data into others: if the node has another block at that height, and the data in a block of " +
            "its own, this one takes the place of the old one.",
          claimNote,
          severalFilesNote,
        ],
        examples: ["timestampvm upgrade report.pdf.ots"],
        exitCodes: {
          0: "each proof has a block that the node has, too",
          1: "a file is no proof, or is of another chain, or the node was not reached",
          3: "the node has no block for a proof, or not yet",
        },
      }),
    )
    .action(async (files: readonly NamedSource[], { json }: ConnectionOptions, command: Command) => {
      const connection = connect(command, output);
      const node = { ...connection, served: await fetchServedChain(connection.ask) };
      const work = (file: NamedSource, quiet: Output) => upgradeFile(file, node, quiet);
      await answerProofs(files, work, { json, words }, output);
    });
}

const words = { waiting: "have no block of the chain, and stay as they are" };

async function upgradeFile(file: NamedSource, node: ServingNode, output: Output): Promise<FileAnswer> {
  const upgraded = await upgradeOts(readOtsFile(file, output), node);
  if ("ots" in upgraded) replaceProof(file, upgraded.ots);
  return answerOf(upgraded);
}

function answerOf(upgraded: Upgraded): FileAnswer {
  const { state } = upgraded;
  if (state === "unproven") {
    const { problem } = upgraded;
    return { line: `unchanged  ${problem}`, values: [{ state, problem }], isWaiting: true };
  }
  const { blocks } = upgraded;
  const heights = blocks.map(({ height }) => height).join(", ");
  const parts = [state, describeExistence(blocks), `height ${heights}`];
  const value = { state, blocks: blocks.map(asJson) };
  if (state !== "replaced") return { line: parts.join("  "), values: [value] };
  const { replaced } = upgraded;
  const instead = `instead of ${replaced.map(({ height }) => height).join(", ")}, where the chain has another block`;
  return {
    line: [...parts, instead].join("  "),
    values: [{ ...value, replaced: replaced.map(summaryOf) }],
  };
}

function asJson({ id, height, timestamp, firstSight }: KnownBlock): object {
  return { id, height, timestamp, ...(firstSight && { firstSight }) };
}

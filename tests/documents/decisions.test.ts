import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dir, "../../docs/decisions");
const names = readdirSync(folder)
  .filter((name) => name !== "README.md")
  .sort();
const decisions = names.map(readDecision);
/** What one decision says of another, and what the other one must say of it. */
const mutual = [
  ["supersedes", "superseded by"],
  ["amends", "amended by"],
] as const;

test.each(decisions)("$name has the headings of a decision, and is in force or superseded", (decision) => {
  expect(decision.headings).toEqual(["Context", "Decision", "Consequences"]);
  expect(decision.status).toMatch(/^accepted\b|^superseded by /);
});

test.each(mutual)("what a decision %s is %s it", (does, done) => {
  for (const { name, links } of decisions) {
    for (const other of links(does)) expect(find(other)?.links(done), other).toContain(name);
    for (const other of links(done)) expect(find(other)?.links(does), other).toContain(name);
  }
});

test("decisions are numbered from 1 on, without a gap, in the order of their dates", () => {
  expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_, i) => i + 1));
  const dates = decisions.map(({ date }) => date);
  expect(dates).toEqual(dates.toSorted());
});

test("the list has a row for each decision, with its title, date and status", () => {
  const rows = readFileSync(join(folder, "README.md"), "utf8").match(/^\| \[.*$/gm) ?? [];
  expect([...rows]).toEqual(decisions.map(rowOf));
});

function readDecision(name: string) {
  const text = readFileSync(join(folder, name), "utf8");
  const [head = "", ...sections] = text.split(/^## /m);
  const [first = "", ...statement] = head.trimEnd().split("\n");
  const [, number, title] = /^# (\d{4}): (.+)$/.exec(first) ?? [];
  const [, date, status] = /^Date: (\d{4}-\d\d-\d\d)\. Status: (.+)\.$/.exec(statement.join(" ").trim()) ?? [];
  if (number !== name.slice(0, 4)) throw new Error(`${name} does not begin with its number`);
  if (title === undefined || date === undefined || status === undefined)
    throw new Error(`${name} lacks title or status`);
  return {
    name,
    title,
    date,
    status,
    headings: sections.map((section) => section.split("\n")[0]),
    /** The names of the decisions that the status has behind `words`. */
    links: (words: string) =>
      status
        .split("; ")
        .filter((part) => part.startsWith(words))
        .flatMap((part) => [...part.matchAll(/\((.+?)\)/g)].map(([, linked]) => linked)),
  };
}

function find(name: string | undefined) {
  return decisions.find((decision) => decision.name === name);
}

function rowOf({ name, title, date, status }: (typeof decisions)[number]): string {
  return `| [${name.slice(0, 4)}](${name}) | ${title} | ${date} | ${status} |`;
}

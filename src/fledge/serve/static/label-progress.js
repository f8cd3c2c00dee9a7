// Progress of a project: how much is done, and by whom, how well and how fast.

import { call } from "./api.js";
import { at, make } from "./dom.js";
import { minutes } from "./label-words.js";

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const percent = (/** @type {number | null | undefined} */ share) => (share === null || share === undefined ? "–" : `${Math.round(share * 100)}%`);
const number = (/** @type {number} */ value) => value.toLocaleString();

/** @type {[string, (row: any) => string, boolean][]} heading, cell, and whether it is a number */
const COLUMNS = [
  ["Labeller", (row) => row.name, false],
  ["Done", (row) => number(row.done), true],
  ["Skipped", (row) => number(row.skipped), true],
  ["Reported", (row) => number(row.unclear), true],
  ["Time per task", (row) => (row.seconds_per_task === null ? "–" : minutes(row.seconds_per_task)), true],
  ["Agreement", (row) => percent(row.agreement), true],
  ["Gold right", (row) => (row.gold_done ? `${percent(row.gold_accuracy)} of ${row.gold_done}` : "–"), true],
  ["Last active", (row) => (row.last_at === null ? "–" : DAY.format(new Date(row.last_at * 1000))), false],
];

/** Read the progress and show it. */
export async function showProgress(/** @type {string} */ path) {
  const found = await call("GET", `${path}/progress`);
  at("progress").max = Math.max(1, found.wanted);
  at("progress").value = found.judgements;
  const outside = found.left_out ? ` ${number(found.left_out)} by people who object to training are not exported.` : "";
  const agreement = found.agreement === null ? "" : ` Labellers agree on ${percent(found.agreement)} of the pairs of answers, among the newest judgements.`;
  at("progress-text").textContent = `${number(found.judgements)} of ${number(found.wanted)} judgements.${agreement}${outside}`;
  at("labellers").hidden = !found.labellers.length;
  if (found.labellers.length) at("labellers").replaceChildren(table(found.labellers));
}

function table(/** @type {any[]} */ rows) {
  const columns = COLUMNS.filter(([name]) => name !== "Agreement" || rows.some((row) => row.agreement !== null));
  const heads = columns.map(([name, , isNumber]) => {
    const head = make("th", isNumber ? "number" : "", name);
    head.setAttribute("scope", "col");
    return head;
  });
  const body = rows.map((row) => make("tr", "", ...columns.map(([, cell, isNumber]) => make("td", isNumber ? "number" : "", cell(row)))));
  return make("table", "table", make("thead", "", make("tr", "", ...heads)), make("tbody", "", ...body));
}

// What made the runs, and what the doctor says of them: warnings, settings, lineage, logs.

import { call, sentence } from "./api.js";
import { at, make } from "./dom.js";

/** @typedef {import("./dashboard-data.js").RunData} RunData */
/** @typedef {{settings: Record<string, string>, ancestors: {depth: number, role: string, path: string, text: string}[], data: Record<string, string>, warnings: {illness: string, seen: string, advice: string, passed: number | null}[], problem: string, log: string}} About */

/** @type {Map<string, About>} */
const found = new Map();

/** Read everything about the runs again, and show it if it changed. */
export async function readAbout(/** @type {RunData[]} */ runs) {
  const before = JSON.stringify([...found]);
  for (const run of runs) {
    const query = new URLSearchParams({ run: run.name });
    const about = await call("GET", `/api/training/about?${query}`).catch(() => null);
    if (about) found.set(run.name, about);
  }
  if (JSON.stringify([...found]) === before) return;
  at("differences").onchange = () => showSettings(runs);
  at("warnings").replaceChildren(...runs.flatMap(warnings));
  at("lineage").replaceChildren(...runs.map(lineage));
  showSettings(runs);
}

function warnings(/** @type {RunData} */ run) {
  const about = found.get(run.name);
  if (!about) return [];
  if (about.problem) return [make("p", "hint", `${run.name}: ${about.problem}`)];
  if (!about.warnings.length) return [make("p", "hint", `${run.name}: no warning.`)];
  return about.warnings.map((warning) => make(
    "article",
    `card warning series-${run.number}${warning.passed === null ? "" : " passed"}`,
    make("h3", "", sentence(warning.illness).replace(/\.$/, "")),
    make("p", "", sentence(warning.seen)),
    make("p", "", sentence(warning.advice)),
    make("p", "hint", warning.passed === null ? run.name : `${run.name} · passed; first seen at step ${warning.passed.toLocaleString("en")}`),
  ));
}

function showSettings(/** @type {RunData[]} */ runs) {
  const columns = runs.map((run) => found.get(run.name)?.settings ?? {});
  const keys = [...new Set(columns.flatMap(Object.keys))];
  const differs = (/** @type {string} */ key) => new Set(columns.map((settings) => settings[key])).size > 1;
  const kept = at("differences").checked ? keys.filter(differs) : keys;
  at("settings-head").replaceChildren(make("tr", "", heading("Setting", "col"), ...runs.map((run) => heading(run.name, "col"))));
  at("settings-rows").replaceChildren(...kept.map((key) => make(
    "tr",
    "",
    heading(key, "row"),
    ...columns.map((settings) => make("td", runs.length > 1 && differs(key) ? "differs" : "", settings[key] ?? "–")),
  )));
  if (!kept.length) at("settings-rows").append(nothing(runs.length + 1, keys.length ? "All settings are equal." : "No settings were written yet."));
}

function nothing(/** @type {number} */ columns, /** @type {string} */ words) {
  const cell = /** @type {HTMLTableCellElement} */ (make("td", "hint", words));
  cell.colSpan = columns;
  return make("tr", "", cell);
}

function lineage(/** @type {RunData} */ run) {
  const about = found.get(run.name);
  const card = make("article", "card lineage-run", make("h3", "", run.name));
  if (!about) return card;
  card.append(tree(about.ancestors, 0) ?? make("p", "hint", "No checkpoint yet, or one without ancestors."));
  const files = Object.entries(about.data);
  if (files.length) {
    card.append(make("p", "hint", `Data: ${files.map(([file, hash]) => `${file} (sha256 ${hash.slice(0, 12)})`).join(", ")}`));
  }
  if (about.log) {
    const log = make("pre", "log", about.log);
    log.tabIndex = 0;
    log.setAttribute("aria-label", `Log of ${run.name}`);
    card.append(make("details", "", make("summary", "", "Log of its process"), log));
  }
  return card;
}

/** Return the ancestors of one generation as a list, each with its own below it. */
function tree(/** @type {About["ancestors"]} */ ancestors, /** @type {number} */ depth) {
  const list = make("ul", "ancestors");
  ancestors.forEach((ancestor, place) => {
    if (ancestor.depth !== depth) return;
    const after = ancestors.slice(place + 1);
    const end = after.findIndex((each) => each.depth <= depth);
    const inner = tree(end < 0 ? after : after.slice(0, end), depth + 1);
    list.append(make("li", "", make("strong", "", ancestor.role), ` ${ancestor.path} (${ancestor.text})`, ...(inner ? [inner] : [])));
  });
  return list.childElementCount ? list : null;
}

function heading(/** @type {string} */ words, /** @type {string} */ scope) {
  const node = make("th", "", words);
  node.setAttribute("scope", scope);
  return node;
}

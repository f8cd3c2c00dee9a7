// Curves of several runs, followed live.

import { readAbout } from "./dashboard-about.js";
import { Chart } from "./dashboard-chart.js";
import { RunData } from "./dashboard-data.js";
import { readSamples } from "./dashboard-samples.js";
import { FIRST, ago, inOrder, progress } from "./dashboard-words.js";
import { at, make } from "./dom.js";

const EVERY = 3000; // milliseconds
const RARELY = 5; // of those: runs that do not train, samples and warnings

const runs = JSON.parse(document.body.dataset.names ?? "[]").map(
  (/** @type {string} */ name, /** @type {number} */ number) => new RunData(name, number),
);
/** @type {Map<string, Chart>} */
const charts = new Map();
/** Metrics that a person chose to show or to hide. @type {Map<string, boolean>} */
const chosen = new Map();

function look() {
  return {
    smoothing: Number(at("smoothing").value),
    logValues: at("log-values").checked,
    logSteps: at("log-steps").checked,
  };
}

/** Move the cursor of every chart. */
function point(/** @type {number | null} */ step) {
  for (const chart of charts.values()) chart.moveTo(step);
}

function redraw() {
  at("smoothing-shown").textContent = at("smoothing").value;
  for (const chart of charts.values()) chart.show(runs, look());
}

/** Make the charts of the metrics that are shown, and a box for every metric there is. */
function arrange() {
  const metrics = inOrder(new Set(runs.flatMap((/** @type {RunData} */ run) => [...run.metrics.keys()])));
  const isShown = (/** @type {string} */ metric) => chosen.get(metric) ?? FIRST.has(metric);
  const wanted = metrics.filter(isShown);
  for (const metric of charts.keys()) if (!wanted.includes(metric)) charts.delete(metric);
  for (const metric of wanted) if (!charts.has(metric)) charts.set(metric, new Chart(metric, point));
  const nodes = wanted.map((metric) => charts.get(metric)?.node ?? "");
  if (nodes.some((node, place) => at("charts").children[place] !== node) || nodes.length !== at("charts").children.length) {
    at("charts").replaceChildren(...nodes);
  }
  at("no-metrics").hidden = metrics.length > 0;
  if (at("metrics").children.length !== metrics.length) {
    at("metrics").replaceChildren(...metrics.map((metric) => choice(metric, isShown(metric))));
  }
  redraw();
}

function choice(/** @type {string} */ metric, /** @type {boolean} */ isShown) {
  const box = /** @type {HTMLInputElement} */ (make("input"));
  box.type = "checkbox";
  box.checked = isShown;
  box.addEventListener("change", () => {
    chosen.set(metric, box.checked);
    arrange();
  });
  return make("label", "choice", box, metric);
}

function showRuns() {
  at("shown").replaceChildren(...runs.map((/** @type {RunData} */ run) => {
    const chip = make("span", `chip-line series-${run.number}${run.number % 2 ? " dashed" : ""}`);
    const words = run.line ? [make("span", `state ${run.line.state}`, run.line.state), make("span", "number", `${run.line.stage}, step ${progress(run.line)}`), make("span", "hint", ago(run.line.age))] : [];
    const why = [run.problem, run.line?.message, run.unreadable ? `${run.unreadable} lines of its metrics cannot be read.` : ""].filter(Boolean).join(" ");
    return make("li", "list-row", chip, make("span", "run-name", run.name), ...words, ...(why ? [make("span", "why", why)] : []));
  }));
}

let rounds = 0;

/** Read what is new: of runs that train always, of the others now and then. */
async function follow() {
  const isRare = rounds++ % RARELY === 0;
  const due = runs.filter((/** @type {RunData} */ run) => isRare || run.line?.state === "running");
  const changed = await Promise.all(due.map((/** @type {RunData} */ run) => run.readOn()));
  showRuns();
  if (changed.some(Boolean) || rounds === 1) arrange();
  if (isRare) await Promise.all([readSamples(runs), readAbout(runs)]);
  setTimeout(next, EVERY);
}

function next() {
  if (document.hidden) setTimeout(next, EVERY);
  else follow();
}

if (runs.length) {
  at("controls").addEventListener("input", redraw);
  at("controls").addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
  new ResizeObserver(redraw).observe(at("charts"));
  follow();
}

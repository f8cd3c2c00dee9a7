// One chart: its title, its curves, the numbers at the cursor, and all of it as a table.

import { placeAt } from "./dashboard-data.js";
import { curvesOf, draw, mark } from "./dashboard-svg.js";
import { shown, wordsOf } from "./dashboard-words.js";
import { make } from "./dom.js";

/** @typedef {import("./dashboard-data.js").RunData} RunData */
/** @typedef {import("./dashboard-svg.js").Look} Look */

const MOST_ROWS = 100;

export class Chart {
  /**
   * @param {string} metric
   * @param {(step: number | null) => void} point tells every chart where the cursor is
   */
  constructor(metric, point) {
    const { title, unit } = wordsOf(metric);
    this.metric = metric;
    this.title = title;
    this.point = point;
    /** @type {RunData[]} */
    this.runs = [];
    /** @type {import("./dashboard-svg.js").Curve[]} */
    this.curves = [];
    /** @type {import("./dashboard-svg.js").Drawn | null} */
    this.drawn = null;
    /** @type {number | null} */
    this.step = null;
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.svg.setAttribute("aria-hidden", "true");
    this.plot = make("div", "plot");
    this.plot.append(this.svg);
    this.readout = make("ul", "readout");
    this.note = make("p", "hint");
    this.table = make("details", "", make("summary", "", "Show as a table"));
    this.node = make("section", "chart-card", make("h2", "", title, make("span", "unit", unit)));
    this.node.append(this.plot, this.readout, this.note, this.table);
    this.node.setAttribute("aria-label", title);
    this.wire();
  }

  wire() {
    const { plot } = this;
    plot.tabIndex = 0;
    plot.setAttribute("role", "slider");
    plot.setAttribute("aria-label", `${this.title}: step`);
    plot.addEventListener("pointermove", (event) => this.pointAt(event));
    plot.addEventListener("pointerdown", (event) => this.pointAt(event));
    plot.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.point(null));
    plot.addEventListener("keydown", (event) => this.move(event));
    this.table.addEventListener("toggle", () => this.fillTable());
  }

  /** Draw again with what was read, or in another look. */
  show(/** @type {RunData[]} */ runs, /** @type {Look} */ look) {
    this.runs = runs;
    this.curves = curvesOf(runs, this.metric, look);
    const { clientWidth, clientHeight } = this.plot;
    this.drawn = draw(this.svg, this.curves, look, clientWidth || 400, clientHeight || 208);
    this.steps = [...new Set(this.curves.flatMap(({ raw }) => raw.steps))].sort((a, b) => a - b);
    const hidden = this.curves.reduce((sum, { raw }) => sum + raw.values.filter((value) => look.logValues && value <= 0).length, 0);
    this.note.textContent = hidden ? `${hidden} values at or below 0 have no logarithm and are not drawn.` : "";
    this.moveTo(this.step);
    if (/** @type {HTMLDetailsElement} */ (this.table).open) this.fillTable();
  }

  /** Show the numbers at a step; null shows the newest ones. */
  moveTo(/** @type {number | null} */ step) {
    this.step = step;
    const points = this.curves.map(({ run, raw, smooth }) => {
      const place = step === null ? raw.steps.length - 1 : placeAt(raw, step);
      return { run, number: run.number, step: raw.steps[place], value: raw.values[place], smooth: smooth.values[place] };
    });
    this.readout.replaceChildren(...points.map((point) => line(point)));
    if (this.drawn) {
      mark(this.svg, this.drawn, step, points.filter((point) => point.step !== undefined).map((point) => ({ ...point, value: point.smooth })));
    }
    const steps = this.steps ?? [];
    const now = step ?? steps[steps.length - 1] ?? 0;
    this.plot.setAttribute("aria-valuemin", String(steps[0] ?? 0));
    this.plot.setAttribute("aria-valuemax", String(steps[steps.length - 1] ?? 0));
    this.plot.setAttribute("aria-valuenow", String(now));
    this.plot.setAttribute("aria-valuetext", `step ${now}: ${points.map(({ run, value }) => `${run.name} ${shown(value)}`).join(", ")}`);
  }

  pointAt(/** @type {PointerEvent} */ event) {
    if (!this.drawn || !this.steps?.length) return;
    const at = this.drawn.x.value(event.clientX - this.plot.getBoundingClientRect().left);
    this.point(nearest(this.steps, at));
  }

  move(/** @type {KeyboardEvent} */ event) {
    const steps = this.steps ?? [];
    if (event.key === "Escape") this.point(null);
    const now = this.step === null ? steps.length - 1 : steps.indexOf(nearest(steps, this.step));
    const far = Math.max(1, Math.round(steps.length / 10));
    /** @type {Record<string, number>} */
    const keys = { ArrowLeft: now - 1, ArrowDown: now - 1, ArrowRight: now + 1, ArrowUp: now + 1, PageDown: now - far, PageUp: now + far, Home: 0, End: steps.length - 1 };
    const next = keys[event.key];
    if (next === undefined || !steps.length) return;
    event.preventDefault();
    this.point(steps[Math.min(steps.length - 1, Math.max(0, next))]);
  }

  /** Fill the table, if it is open, with at most `MOST_ROWS` steps at even distances. */
  fillTable() {
    this.table.querySelector(".table-frame")?.remove();
    if (!(/** @type {HTMLDetailsElement} */ (this.table).open)) return;
    const steps = this.steps ?? [];
    const rows = Math.min(MOST_ROWS, steps.length);
    const chosen = Array.from({ length: rows }, (_, row) => steps[rows < 2 ? 0 : Math.round((row * (steps.length - 1)) / (rows - 1))]);
    const head = make("tr", "", heading("Step"), ...this.curves.map(({ run }) => heading(run.name)));
    const body = chosen.map((step) => make("tr", "", cell(step.toLocaleString("en")), ...this.curves.map(({ raw }) => {
      const place = placeAt(raw, step);
      return cell(raw.steps[place] === step ? shown(raw.values[place]) : "");
    })));
    const frame = make("div", "table-frame", make("table", "table", make("thead", "", head), make("tbody", "", ...body)));
    frame.tabIndex = 0;
    frame.setAttribute("role", "region");
    frame.setAttribute("aria-label", `${this.title}, as a table`);
    this.table.append(frame);
  }
}

function line(/** @type {{run: RunData, number: number, step: number, value: number, smooth: number}} */ point) {
  const chip = make("span", `chip-line series-${point.number}${point.number % 2 ? " dashed" : ""}`);
  const isSmooth = Number.isFinite(point.value) && point.smooth !== point.value;
  const words = isSmooth ? `${shown(point.smooth)} (${shown(point.value)})` : shown(point.value);
  const value = make("span", "number", point.step === undefined ? "–" : words);
  const at = make("span", "at number", point.step === undefined ? "" : `step ${point.step.toLocaleString("en")}`);
  return make("li", "", chip, make("span", "grow", point.run.name), value, at);
}

function heading(/** @type {string} */ words) {
  const node = make("th", "number", words);
  node.setAttribute("scope", "col");
  return node;
}

const cell = (/** @type {string} */ words) => make("td", "number", words);

/** Return the value of a rising list that is nearest to another. */
function nearest(/** @type {number[]} */ steps, /** @type {number} */ value) {
  const place = placeAt({ steps, values: steps }, value);
  const [before, after] = [steps[Math.max(0, place)], steps[Math.min(steps.length - 1, place + 1)]];
  return value - before <= after - value ? before : after;
}

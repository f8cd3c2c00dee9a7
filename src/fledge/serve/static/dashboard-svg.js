// Draws the curves of one chart as SVG.

import { smoothed } from "./dashboard-data.js";
import { scale, widened } from "./dashboard-scale.js";
import { shown } from "./dashboard-words.js";

/** @typedef {import("./dashboard-data.js").RunData} RunData */
/** @typedef {import("./dashboard-data.js").Series} Series */
/** @typedef {import("./dashboard-scale.js").Scale} Scale */
/** @typedef {{smoothing: number, logValues: boolean, logSteps: boolean}} Look */
/** @typedef {{run: RunData, raw: Series, smooth: Series}} Curve */
/** @typedef {{x: Scale, y: Scale, width: number, height: number}} Drawn */

const SVG = "http://www.w3.org/2000/svg";
const LEFT = 52;
const RIGHT = 10;
const TOP = 10;
const BOTTOM = 22;

/** Return the curves of a metric, in the order of the runs. @returns {Curve[]} */
export function curvesOf(/** @type {RunData[]} */ runs, /** @type {string} */ metric, /** @type {Look} */ look) {
  return runs.flatMap((run) => {
    const raw = run.metrics.get(metric);
    return raw ? [{ run, raw, smooth: smoothed(raw, look.smoothing) }] : [];
  });
}

/**
 * Draw curves into an <svg>. Return its axes, or null if nothing can be drawn.
 * @param {SVGElement} svg
 * @param {Curve[]} curves
 * @param {Look} look
 * @param {number} width in pixels
 * @param {number} height in pixels
 * @returns {Drawn | null}
 */
export function draw(svg, curves, look, width, height) {
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren();
  const steps = rangeOf(curves.flatMap(({ raw }) => ends(raw.steps)), look.logSteps);
  const values = rangeOf(curves.flatMap(({ raw, smooth }) => [...raw.values, ...smooth.values]), look.logValues);
  if (!steps || !values) return null;
  const [first, last] = steps[0] === steps[1] ? widened(steps[0], steps[1], look.logSteps) : steps;
  const [low, high] = widened(values[0], values[1], look.logValues);
  const x = scale(first, last, LEFT, width - RIGHT, look.logSteps, Math.max(2, Math.floor(width / 90)));
  const y = scale(low, high, height - BOTTOM, TOP, look.logValues);
  for (const tick of y.ticks) svg.append(...row(tick, y.place(tick), width));
  for (const tick of x.ticks.filter(Number.isInteger)) {
    svg.append(label(tick.toLocaleString("en"), x.place(tick), height - 6, "middle"));
  }
  for (const curve of curves) svg.append(...lines(curve, look, x, y));
  return { x, y, width, height };
}

/** Mark a step on a drawn chart: a line, and a dot on each curve that has a value there. */
export function mark(
  /** @type {SVGElement} */ svg,
  /** @type {Drawn} */ drawn,
  /** @type {number | null} */ step,
  /** @type {{number: number, step: number, value: number}[]} */ points,
) {
  for (const old of svg.querySelectorAll(".cursor, .dot")) old.remove();
  if (step === null) return;
  const at = drawn.x.place(step);
  if (Number.isFinite(at)) {
    svg.append(shape("line", { class: "cursor", x1: at, x2: at, y1: TOP, y2: drawn.height - BOTTOM }));
  }
  for (const point of points) {
    const [cx, cy] = [drawn.x.place(point.step), drawn.y.place(point.value)];
    if (Number.isFinite(cx) && Number.isFinite(cy)) {
      svg.append(shape("circle", { class: `dot series-${point.number}`, cx, cy, r: 4 }));
    }
  }
}

/** Return lowest and highest of the values that an axis can show; null if there is none. */
function rangeOf(/** @type {number[]} */ values, /** @type {boolean} */ isLog) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value) || (isLog && value <= 0)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : null;
}

/** Return the ends of rising steps; the first that a logarithm takes is among them. */
function ends(/** @type {number[]} */ steps) {
  const positive = steps.find((step) => step > 0);
  return [steps[0], positive ?? steps[0], steps[steps.length - 1]];
}

function row(/** @type {number} */ tick, /** @type {number} */ at, /** @type {number} */ width) {
  const line = shape("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: at, y2: at });
  return [line, label(shown(tick), LEFT - 8, at + 4, "end")];
}

function label(/** @type {string} */ words, /** @type {number} */ x, /** @type {number} */ y, /** @type {string} */ anchor) {
  const node = shape("text", { x, y, "text-anchor": anchor });
  node.textContent = words;
  return node;
}

/** Return a curve, the unsmoothed one behind it, and a cross at each value that is not finite. */
function lines(/** @type {Curve} */ curve, /** @type {Look} */ look, /** @type {Scale} */ x, /** @type {Scale} */ y) {
  const number = curve.run.number;
  const kind = `series-${number}${number % 2 ? " dashed" : ""}`;
  const nodes = [shape("path", { class: `curve ${kind}`, d: path(curve.smooth, x, y) })];
  if (look.smoothing > 0) {
    nodes.unshift(shape("path", { class: `curve raw ${kind}`, d: path(curve.raw, x, y) }));
  }
  curve.raw.values.forEach((value, place) => {
    const at = x.place(curve.raw.steps[place]);
    if (Number.isFinite(value) || !Number.isFinite(at)) return;
    const d = `M${at - 4} ${TOP - 4}l8 8m0 -8l-8 8`;
    nodes.push(shape("path", { class: `odd series-${number}`, d }));
  });
  return nodes;
}

/** Return a path through the points; it breaks where an axis cannot show one. */
function path(/** @type {Series} */ series, /** @type {Scale} */ x, /** @type {Scale} */ y) {
  let pen = "M";
  let isAlone = false;
  let d = "";
  series.steps.forEach((step, place) => {
    const [at, up] = [x.place(step), y.place(series.values[place])];
    if (!Number.isFinite(at) || !Number.isFinite(up)) {
      if (isAlone) d += "h.01";
      [pen, isAlone] = ["M", false];
      return;
    }
    d += `${pen}${at.toFixed(1)} ${up.toFixed(1)}`;
    [pen, isAlone] = ["L", pen === "M"];
  });
  return isAlone ? `${d}h.01` : d; // a lone point is a dot
}

function shape(/** @type {string} */ name, /** @type {Record<string, string | number>} */ attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}

// Metrics of runs: read bit by bit, kept small.

import { ApiError, call } from "./api.js";
import { read } from "./dashboard-words.js";

const MOST_POINTS = 4000;

/** @typedef {{steps: number[], values: number[]}} Series */

/** One run, with all of its metrics that were read. */
export class RunData {
  constructor(/** @type {string} */ name, /** @type {number} */ number) {
    this.name = name;
    this.number = number; // of its colour
    /** @type {Map<string, Series>} */
    this.metrics = new Map();
    /** @type {any} */
    this.line = null;
    this.problem = "";
    this.unreadable = 0;
    this.file = "";
    this.next = 0;
  }

  /** Read on until the end of the file. Return whether anything changed. */
  async readOn() {
    let isChanged = false;
    for (;;) {
      const part = await this.part();
      if (part === null) return isChanged;
      isChanged ||= part.is_fresh || part.next !== this.next || part.run.state !== this.line?.state;
      this.take(part);
      if (part.is_last) return isChanged;
    }
  }

  /** @returns {Promise<any>} the next part; null where there is none now */
  async part() {
    const query = new URLSearchParams({ run: this.name, after: String(this.next), file: this.file });
    try {
      const part = await call("GET", `/api/training/metrics?${query}`);
      this.problem = "";
      return part;
    } catch (error) {
      const isGone = error instanceof ApiError && error.status === 404;
      this.problem = isGone
        ? "This run is no longer in the folder. The curves are those that were read before."
        : error instanceof Error ? error.message : String(error);
      return null;
    }
  }

  take(/** @type {any} */ part) {
    if (part.is_fresh) {
      this.metrics.clear();
      this.unreadable = 0;
    }
    this.line = part.run;
    this.file = part.file;
    this.next = part.next;
    this.unreadable += part.unreadable;
    for (const [metric, [steps, values]] of Object.entries(part.series)) {
      const series = this.metrics.get(metric) ?? { steps: [], values: [] };
      series.steps.push(...steps);
      series.values.push(...values.map(read));
      this.metrics.set(metric, series.steps.length > MOST_POINTS ? thinned(series) : series);
    }
  }
}

/** Keep half of the points: of every four the lowest and the highest, or one that is not finite. */
export function thinned(/** @type {Series} */ series) {
  /** @type {Series} */
  const kept = { steps: [], values: [] };
  const last = series.steps.length - 1;
  for (let start = 0; start <= last; start += 4) {
    const places = [0, 1, 2, 3].map((more) => start + more).filter((place) => place <= last);
    const finite = places.filter((place) => Number.isFinite(series.values[place]));
    const odd = places.find((place) => !Number.isFinite(series.values[place]));
    finite.sort((a, b) => series.values[a] - series.values[b]);
    const chosen = new Set([finite[0], odd ?? finite[finite.length - 1]].filter((place) => place !== undefined));
    if (places.includes(last)) chosen.add(last);
    for (const place of [...chosen].sort((a, b) => Number(a) - Number(b))) {
      kept.steps.push(series.steps[Number(place)]);
      kept.values.push(series.values[Number(place)]);
    }
  }
  return kept;
}

/**
 * Return the exponential moving average, corrected for its start; values that are not finite stay.
 * @param {Series} series
 * @param {number} weight of the past, from 0 to below 1
 */
export function smoothed(series, weight) {
  if (weight === 0) return series;
  let average = 0;
  let total = 0;
  const values = series.values.map((value) => {
    if (!Number.isFinite(value)) return value;
    average = weight * average + (1 - weight) * value;
    total = weight * total + (1 - weight);
    return average / total;
  });
  return { steps: series.steps, values };
}

/** Return the place of the newest point at or before a step; -1 if there is none. */
export function placeAt(/** @type {Series} */ series, /** @type {number} */ step) {
  let low = 0;
  let high = series.steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (series.steps[middle] <= step) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

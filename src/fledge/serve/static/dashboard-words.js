// Words and numbers of the runs dashboard.

/** Titles and units of metrics, in the order of their charts. @type {[string, string, string][]} */
const KNOWN = [
  ["loss", "Loss", "mean of a step"],
  ["held-out validation_loss", "Held-out loss", "nats per token"],
  ["held-out bits_per_byte", "Held-out bits per byte", "bits"],
  ["accuracy", "Accuracy", "share of pairs ordered as people did"],
  ["held-out accuracy", "Held-out accuracy", "share of pairs ordered as people did"],
  ["objective/scores", "Reward", "mean score of an answer"],
  ["objective/kl", "KL", "nats per answer from the reference"],
  ["policy/entropy_avg", "Entropy", "nats per token"],
  ["val/eos_rate", "End rate", "share of answers that end"],
  ["val/answer_length", "Length", "tokens of an answer"],
  ["objective/gold", "Gold", "mean score of a second reward"],
  ["monitor/judge", "Held-out judge", "mean score"],
];

/** Metrics that have a chart of their own from the start. */
export const FIRST = new Set(KNOWN.map(([metric]) => metric));

/** @returns {{title: string, unit: string}} */
export function wordsOf(/** @type {string} */ metric) {
  const found = KNOWN.find(([name]) => name === metric);
  return found ? { title: found[1], unit: found[2] } : { title: metric, unit: "" };
}

/** Order metrics: the known ones as above, then the others by name. */
export function inOrder(/** @type {Iterable<string>} */ metrics) {
  const rank = (/** @type {string} */ name) => {
    const place = KNOWN.findIndex(([known]) => known === name);
    return place < 0 ? KNOWN.length : place;
  };
  return [...metrics].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/** Return a number in at most five digits, or `NaN`, `∞`, `−∞`. */
export function shown(/** @type {number | undefined} */ value) {
  if (value === undefined) return "–";
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e6 || size < 1e-4 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
  return text.replace("-", "−");
}

/** Return the number that JSON writes as a number, or as a text where it is not finite. */
export const read = (/** @type {number | string} */ value) => Number(value);

/** Return an age in words. */
export function ago(/** @type {number | null} */ seconds) {
  if (seconds === null) return "–";
  if (seconds < 90) return `${Math.round(seconds)} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} days ago`;
}

/** Return a step of all, as `40 of 160`. */
export function progress(/** @type {any} */ run) {
  if (run.step === null) return "–";
  const done = run.step.toLocaleString("en");
  return run.steps === null ? done : `${done} of ${run.steps.toLocaleString("en")}`;
}

// Axes: linear and logarithmic, with round ticks.

/** @typedef {{place: (value: number) => number, value: (place: number) => number, ticks: number[]}} Scale */

/**
 * Map values from `low` to `high` to pixels from `start` to `end`.
 * @param {number} low
 * @param {number} high
 * @param {number} start
 * @param {number} end
 * @param {boolean} isLog
 * @param {number} [most] ticks
 * @returns {Scale}
 */
export function scale(low, high, start, end, isLog, most = 5) {
  const into = isLog ? Math.log10 : (/** @type {number} */ value) => value;
  const back = isLog ? (/** @type {number} */ value) => 10 ** value : (/** @type {number} */ value) => value;
  const [first, last] = [into(low), into(high)];
  return {
    place: (value) => start + ((into(value) - first) / (last - first)) * (end - start),
    value: (place) => back(first + ((place - start) / (end - start)) * (last - first)),
    ticks: isLog ? logTicks(low, high, most) : ticks(low, high, most),
  };
}

/** Widen a range that has no width, or cut it down to what a logarithm takes. */
export function widened(/** @type {number} */ low, /** @type {number} */ high, /** @type {boolean} */ isLog) {
  if (high > low) return isLog ? [low, high] : [low - (high - low) * 0.05, high + (high - low) * 0.05];
  if (isLog) return [low / 2, high * 2];
  const spread = Math.abs(low) * 0.1 || 1;
  return [low - spread, high + spread];
}

function ticks(/** @type {number} */ low, /** @type {number} */ high, /** @type {number} */ most) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? 10 * power;
  const found = [];
  for (let number = Math.ceil(low / step); number * step <= high; number += 1) {
    found.push(Number((number * step).toPrecision(12)));
  }
  return found;
}

/** Return powers of ten, with 2 and 5 between them where there are few; else linear ticks. */
function logTicks(/** @type {number} */ low, /** @type {number} */ high, /** @type {number} */ most) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const every = Math.max(1, Math.ceil((last - first) / most));
  const factors = last - first <= 2 ? [1, 2, 5] : [1];
  const found = [];
  for (let power = first; power <= last; power += every) {
    found.push(...factors.map((factor) => factor * 10 ** power));
  }
  const inside = found.filter((tick) => tick >= low && tick <= high);
  return inside.length > 1 ? inside : ticks(low, high, most).filter((tick) => tick > 0);
}

// Words that the labelling pages share.

/** What each kind of task asks for. */
export const KINDS = {
  demonstrate: { name: "demonstrate", title: "Write the ideal answer", about: "Write the answer that you would like to get." },
  rate: { name: "rate", title: "Rate the answers", about: "Rate one answer at a time from 1 to 7." },
  rank: { name: "rank", title: "Rank the answers", about: "Put several answers in order, the best first." },
  compare: { name: "compare", title: "Compare two answers", about: "Choose the better of two answers." },
};

/** Return seconds as "45 seconds", "12 minutes" or "3.5 hours". */
export function minutes(/** @type {number} */ seconds) {
  if (seconds < 90) return `${Math.round(seconds)} seconds`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} minutes`;
  return `${(seconds / 3600).toFixed(1)} hours`;
}

/** Return "1 answer" or "3 answers". */
export const count = (/** @type {number} */ number, /** @type {string} */ noun) =>
  `${number.toLocaleString()} ${noun}${number === 1 ? "" : "s"}`;

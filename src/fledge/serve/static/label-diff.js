// Difference of two texts by words: which words one text has and the other has not.

const MOST = 4_000_000; // cells of the table; longer texts are compared by lines

/** @typedef {{text: string, side: "both" | "left" | "right"}} Piece */

/** Return the pieces of both texts in order. @returns {Piece[]} */
export function difference(/** @type {string} */ left, /** @type {string} */ right) {
  const words = /\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu;
  let [a, b] = [left.match(words) ?? [], right.match(words) ?? []];
  if (a.length * b.length > MOST) [a, b] = [left.split(/(?<=\n)/), right.split(/(?<=\n)/)];
  if (a.length * b.length > MOST) return joined([...sided([left], "left"), ...sided([right], "right")]);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const middle = changes(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return joined([
    ...sided(a.slice(0, start), "both"), ...middle, ...sided(a.slice(a.length - end), "both"),
  ]);
}

const sided = (/** @type {string[]} */ texts, /** @type {Piece["side"]} */ side) =>
  texts.map((text) => ({ text, side }));

/** Find the longest common subsequence, and name what is outside it. @returns {Piece[]} */
function changes(/** @type {string[]} */ a, /** @type {string[]} */ b) {
  const width = b.length + 1;
  const longest = new Uint16Array((a.length + 1) * width); // of the rests from i and j on
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i * width + j] = a[i] === b[j]
        ? longest[(i + 1) * width + j + 1] + 1
        : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  /** @type {Piece[]} */
  const pieces = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      pieces.push({ text: a[i], side: "both" });
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && longest[(i + 1) * width + j] >= longest[i * width + j + 1])) {
      pieces.push({ text: a[i++], side: "left" });
    } else pieces.push({ text: b[j++], side: "right" });
  }
  return pieces;
}

/** Join neighbours of the same side. @returns {Piece[]} */
function joined(/** @type {Piece[]} */ pieces) {
  /** @type {Piece[]} */
  const found = [];
  for (const piece of pieces) {
    const last = found.at(-1);
    if (last?.side === piece.side) last.text += piece.text;
    else found.push({ ...piece });
  }
  return found;
}

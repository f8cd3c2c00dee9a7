// Sheet with two answers of the task side by side, and the words that only one of them has.

import { at, make } from "./dom.js";
import { difference } from "./label-diff.js";
import { letters, state } from "./label-state.js";

/** Open the sheet with the answer in focus and another, or with the first two. */
export function showDifferences(letter = "") {
  const all = letters();
  if (all.length < 2) return;
  for (const select of [at("diff-left"), at("diff-right")]) {
    select.replaceChildren(...all.map((each) => new Option(`Answer ${each}`, each)));
  }
  at("diff-left").value = letter || all[0];
  at("diff-right").value = all.find((each) => each !== at("diff-left").value);
  paint();
  at("differences-dialog").showModal();
}

/** Wire up the sheet, once. */
export function setUpDifferences() {
  at("diff-left").addEventListener("change", paint);
  at("diff-right").addEventListener("change", paint);
}

function paint() {
  const textOf = (/** @type {string} */ letter) => state.task?.answers.find((each) => each.letter === letter)?.content ?? "";
  const pieces = difference(textOf(at("diff-left").value), textOf(at("diff-right").value));
  const side = (/** @type {"left" | "right"} */ name, /** @type {string} */ mark) =>
    make("div", "", ...pieces.filter((piece) => piece.side === "both" || piece.side === name)
      .map((piece) => (piece.side === "both" ? piece.text : make(mark, "", piece.text))));
  at("diff-columns").replaceChildren(side("left", "del"), side("right", "ins"));
  at("diff-about").textContent = pieces.every((piece) => piece.side === "both")
    ? "Both texts are the same."
    : "Words that only one of the answers has are marked.";
}

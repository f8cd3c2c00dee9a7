// Comparing: two answers side by side, and which of them is better.

import { make, textButton } from "./dom.js";
import { makeCard } from "./label-cards.js";
import { letters, state, work } from "./label-state.js";

/** Create the view of a task that compares two answers. */
export function compareView() {
  const cards = (state.task?.answers ?? []).map((answer) => makeCard(answer));
  const [left, right] = letters();
  /** @type {[string, string, string | null][]} */
  const choices = [[`${left} is better`, "←", left], ["Equally good", "=", null], [`${right} is better`, "→", right]];
  const buttons = choices.map(([label, key, better]) => {
    const button = textButton(label, () => choose(better));
    const sign = make("kbd", "wide-only", key);
    sign.setAttribute("aria-hidden", "true");
    button.append(sign);
    return button;
  });
  return {
    node: make("div", "", make("div", "pair-answers", ...cards.map(({ node }) => node)), make("div", "choice-row", ...buttons)),
    paint() {
      document.body.classList.add("is-wide");
      const better = chosen();
      buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(better === choices[index][2])));
      cards.forEach(({ node, paint }, index) => {
        node.classList.toggle("is-better", better === letters()[index]);
        paint();
      });
    },
    key(/** @type {KeyboardEvent} */ event) {
      const better = { ArrowLeft: left, 1: left, ArrowRight: right, 2: right, "=": null }[event.key];
      if (better === undefined) return false;
      choose(better);
      return true;
    },
    card: (/** @type {string} */ letter) => cards[letters().indexOf(letter)]?.node ?? null,
  };
}

/** Return the better answer, null for a tie, and undefined where nothing is chosen. */
function chosen() {
  const [left, right] = letters().map((letter) => state.work.ranks[letter]);
  if (!left || !right) return undefined;
  if (left === right) return null;
  return letters()[left < right ? 0 : 1];
}

function choose(/** @type {string | null} */ better) {
  work({ ranks: Object.fromEntries(letters().map((letter) => [letter, better === null || letter === better ? 1 : 2])) });
}

// Rating: one answer at a time, its overall quality from 1 to 7 and its flags.

import { make, setLabel, textButton } from "./dom.js";
import { flag, makeCard, rate } from "./label-cards.js";
import { letters, state, update } from "./label-state.js";

/** Create the view of a task that rates answers. */
export function rateView() {
  const cards = new Map((state.task?.answers ?? []).map((answer) => [answer.letter, makeCard(answer)]));
  const steps = make("div", "label-steps");
  steps.setAttribute("role", "group");
  steps.setAttribute("aria-label", "Answers");
  const buttons = letters().map((letter) => textButton(letter, () => update({ shown: letter }), "button small"));
  steps.append(...buttons);
  const next = textButton("Next answer", () => step(1));
  const frame = make("div", "");
  const row = make("div", "choice-row", next);
  steps.hidden = row.hidden = cards.size < 2;
  return {
    node: make("div", "is-rate", steps, frame, row),
    paint() {
      if (!cards.has(state.shown)) state.shown = letters().find((letter) => !state.work.ratings[letter]) ?? letters()[0];
      const card = cards.get(state.shown);
      if (card && frame.firstChild !== card.node) frame.replaceChildren(card.node);
      card?.paint();
      for (const [index, letter] of letters().entries()) {
        const rating = state.work.ratings[letter];
        buttons[index].textContent = rating ? `${letter} · ${rating}` : letter;
        setLabel(buttons[index], `Answer ${letter}: ${rating ? `rated ${rating}` : "not rated"}`);
        if (letter === state.shown) buttons[index].setAttribute("aria-current", "true");
        else buttons[index].removeAttribute("aria-current");
      }
      next.disabled = letters().at(-1) === state.shown;
    },
    key(/** @type {KeyboardEvent} */ event) {
      const known = state.task?.flags ?? [];
      const { key } = event;
      if (/^[1-7]$/.test(key)) rate(state.shown, Number(key));
      else if (key === "ArrowRight" || key === "Enter") step(1);
      else if (key === "ArrowLeft") step(-1);
      else if (/^[a-z]$/i.test(key) && known[key.toUpperCase().charCodeAt(0) - 65]) {
        flag(state.shown, known[key.toUpperCase().charCodeAt(0) - 65].name);
      } else return false;
      return true;
    },
    card: (/** @type {string} */ letter) => cards.get(letter)?.node ?? null,
  };
}

function step(/** @type {1 | -1} */ by) {
  const all = letters();
  const place = all.indexOf(state.shown) + by;
  if (all[place]) update({ shown: all[place] });
}

// Two answers side by side. Their models stay hidden until one is chosen.

import { showText } from "./answer.js";
import { make, textButton } from "./dom.js";
import { prefer } from "./opinions.js";

/** @typedef {import("./tree.js").Message} Message */

/** Create the frame of a pair: two columns and the question below them. */
export function makeComparison(/** @type {[Message, Message]} */ pair) {
  const section = make("section", "turn pair");
  section.setAttribute("aria-label", "Two answers");
  const columns = make("div", "pair-columns");
  for (const name of ["A", "B"]) {
    const column = make("article", "assistant pair-answer");
    column.append(
      make("h2", "pair-name", `Answer ${name}`),
      make("div", "answer"),
      make("p", "note"),
    );
    columns.append(column);
  }
  const question = make("div", "pair-question", make("p", "", "Which answer is better?"));
  const choices = make("div", "pair-choices");
  for (const [better, label] of /** @type {const} */ ([["left", "A"], ["tie", "Equally good"], ["right", "B"]])) {
    choices.append(textButton(label, () => {
      prefer(/** @type {any} */ (section).pair, better);
    }));
  }
  question.append(choices);
  section.append(columns, question);
  /** @type {any} */ (section).pair = pair;
  return section;
}

/** Update both columns; the question appears once both have ended. */
export function showComparison(/** @type {HTMLElement} */ section, /** @type {[Message, Message]} */ pair) {
  /** @type {any} */ (section).pair = pair;
  const [columns, question] = /** @type {HTMLElement[]} */ ([...section.children]);
  pair.forEach((message, index) => {
    const column = /** @type {HTMLElement} */ (columns.children[index]);
    const writing = message.status === "running";
    showText(column, /** @type {HTMLElement} */ (column.children[1]), message);
    column.classList.toggle("writing", writing);
    column.setAttribute("aria-busy", String(writing));
    column.children[2].textContent =
      message.status === "failed" ? message.error : message.status === "cancelled" ? "Stopped." : "";
  });
  question.hidden = pair.some((message) => message.status === "running");
}

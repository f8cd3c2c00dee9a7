// Keys of the task page, and the sheet that lists them.

import { at, make } from "./dom.js";
import { rate } from "./label-cards.js";
import { show } from "./label-rank.js";
import { letters, state } from "./label-state.js";

/** @typedef {{node: HTMLElement, paint: () => void, key: (event: KeyboardEvent, letter: string) => boolean, card: (letter: string) => HTMLElement | null}} View */
/** @typedef {{submit: () => void, skip: () => void, undo: () => void, guideline: () => void, differences: () => void, layout: () => void, plain: () => void}} Actions */

/** @type {[string, string, string[]][]} */
const KEYS = [
  ["Submit", "Ctrl Enter", ["demonstrate", "rate", "rank", "compare"]],
  ["Give the answer a rank; the same number ties", "1 – 9", ["rank"]],
  ["Move the answer up or down", "↑ ↓", ["rank"]],
  ["Tie with the answer above, or untie", "=", ["rank"]],
  ["Take the rank away", "0", ["rank"]],
  ["Go to an answer", "A – I", ["rank"]],
  ["Rate the answer", "1 – 7", ["rate"]],
  ["Rate the answer", "Shift 1 – 7", ["rank", "compare"]],
  ["Set a flag", "A – J", ["rate"]],
  ["Next or previous answer", "→ ←", ["rate"]],
  ["The left or the right answer is better", "← →", ["compare"]],
  ["Both are equally good", "=", ["compare"]],
  ["List or columns", "L", ["rank"]],
  ["Differences between two answers", "X", ["rate", "rank", "compare"]],
  ["Plain text", "P", ["rate", "rank", "compare"]],
  ["Write a note", "N", ["demonstrate", "rate", "rank", "compare"]],
  ["Skip", "S", ["demonstrate", "rate", "rank", "compare"]],
  ["Undo the last step", "U", ["demonstrate", "rate", "rank", "compare"]],
  ["Guidelines", "R", ["demonstrate", "rate", "rank", "compare"]],
  ["Leave a text box", "Esc", ["demonstrate", "rate", "rank", "compare"]],
  ["Show this help", "?", ["demonstrate", "rate", "rank", "compare"]],
];

/** Show the keys of the open task. */
export function showKeys() {
  const kind = state.task?.kind ?? "rank";
  const shown = KEYS.filter(([, , kinds]) => kinds.includes(kind));
  at("keys-list").replaceChildren(...shown.map(([label, keys]) =>
    make("div", "", make("dt", "", label), make("dd", "", ...keys.split(" ").flatMap((key) => [key === "–" ? "–" : make("kbd", "", key), " "])))));
  at("keys-dialog").showModal();
}

let last = ""; // letter of the answer that had the focus last

/**
 * @param {() => View | null} view
 * @param {Actions} actions
 */
export function setUpKeys(view, actions) {
  at("keys").addEventListener("click", showKeys);
  document.addEventListener("focusin", ({ target }) => {
    const card = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (target).closest("[data-letter]"));
    if (card) last = card.dataset.letter ?? "";
  });
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open], :popover-open") || event.isComposing || event.defaultPrevented) return;
    if (pressed(event, view(), actions)) event.preventDefault();
  });
}

/** Do what a key means. Return whether it means anything. */
function pressed(/** @type {KeyboardEvent} */ event, /** @type {View | null} */ view, /** @type {Actions} */ actions) {
  const target = /** @type {HTMLElement} */ (event.target);
  const ctrl = event.ctrlKey || event.metaKey;
  if (ctrl && event.key === "Enter") return done(actions.submit);
  const isWriting = target.matches("textarea, input:not([type=radio], [type=checkbox]), select");
  if (isWriting && event.key === "Escape") return done(() => leave(target, view));
  if (ctrl || isWriting || !state.task) return event.key === "?" && !ctrl && !isWriting ? done(showKeys) : false;
  const isButton = target.matches("button, a, summary") && (event.key === "Enter" || event.key === " ");
  const isRadio = target.matches("input[type=radio]") && event.key.startsWith("Arrow");
  if (isButton || isRadio) return false;
  const letter = /** @type {HTMLElement | null} */ (target.closest("[data-letter]"))?.dataset.letter ?? "";
  const rating = ratingOf(event);
  if (rating && (letter || state.shown) && state.task.kind !== "demonstrate") return done(() => rate(letter || state.shown, rating));
  if (event.altKey) return false;
  if (view?.key(event, letter)) return true;
  return general(event.key, view, actions);
}

/** Leave a text box for the answer that had the focus before. */
function leave(/** @type {HTMLElement} */ box, /** @type {View | null} */ view) {
  box.blur();
  show(view?.card(last) ?? null);
}

/** Return the rating that a digit with Shift or Alt stands for, on any keyboard, or 0. */
function ratingOf(/** @type {KeyboardEvent} */ event) {
  const digit = Number(/^(?:Digit|Numpad)([1-7])$/.exec(event.code)?.[1] ?? 0);
  const isSymbol = event.shiftKey && !/^[0-9=?]$/.test(event.key);
  return event.altKey || isSymbol ? digit : 0;
}

function general(/** @type {string} */ key, /** @type {View | null} */ view, /** @type {Actions} */ actions) {
  const letter = key.toUpperCase();
  if (key.length === 1 && letters().includes(letter)) return done(() => show(view?.card(letter) ?? null));
  if (/^[1-9]$/.test(key) && state.task?.kind === "rank" && document.activeElement === document.body) {
    return done(() => show(view?.card(letters()[0]) ?? null));
  }
  /** @type {Record<string, () => void>} */
  const acts = {
    S: actions.skip, U: actions.undo, R: actions.guideline, X: actions.differences, L: actions.layout, P: actions.plain,
    N: () => {
      at("notes-box").open = true;
      at("notes").focus();
    },
    "?": showKeys,
  };
  return acts[letter] ? done(acts[letter]) : false;
}

function done(/** @type {() => void} */ act) {
  act();
  return true;
}

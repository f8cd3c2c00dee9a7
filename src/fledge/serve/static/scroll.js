// Keeps the end of a growing answer in view until the reader scrolls up.

import { at } from "./dom.js";
import { state, update } from "./state.js";

const NEAR = 40; // pixels from the end that count as the end
let top = 0;

/** Scroll to the end if the view follows the answer. */
export function showEnd(/** @type {typeof state} */ now) {
  const box = at("scroll");
  if (now.follows) box.scrollTop = box.scrollHeight;
  top = box.scrollTop;
  at("to-end").hidden = now.follows || isAtEnd(box);
}

const isAtEnd = (/** @type {HTMLElement} */ box) =>
  box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;

/** Wire up scrolling, once. */
export function setUpScroll() {
  const box = at("scroll");
  box.addEventListener("scroll", () => {
    // Only scrolling up stops following: growing text also changes the distance to the end.
    if (box.scrollTop < top - 2) state.follows = false;
    else if (isAtEnd(box)) state.follows = true;
    top = box.scrollTop;
    at("to-end").hidden = state.follows || isAtEnd(box);
  }, { passive: true });
  at("to-end").addEventListener("click", () => update({ follows: true }));
}

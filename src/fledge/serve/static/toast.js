// One line at the bottom that goes away by itself, with at most one thing to press.

import { at, textButton, make } from "./dom.js";

const SECONDS = 8;
let timer = 0;

/**
 * @param {string} text
 * @param {string} [action]
 * @param {() => void} [act]
 */
export function toast(text, action, act) {
  const box = at("toast");
  clearTimeout(timer);
  box.replaceChildren(make("span", "", text));
  if (action && act) {
    box.append(
      textButton(action, () => {
        box.hidden = true;
        act();
      }, "toast-action"),
    );
  }
  box.hidden = false;
  timer = setTimeout(hide, SECONDS * 1000);
}

/** Whoever is about to press it has the time to. */
function hide() {
  const box = at("toast");
  if (box.matches(":hover, :focus-within")) timer = setTimeout(hide, SECONDS * 1000);
  else box.hidden = true;
}

/** Do `work`; tell the reader if it fails. Returns whether it did not. */
export async function telling(/** @type {() => Promise<unknown>} */ work) {
  try {
    await work();
    return true;
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error));
    return false;
  }
}

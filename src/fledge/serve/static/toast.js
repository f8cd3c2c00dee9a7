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
  timer = setTimeout(() => (box.hidden = true), SECONDS * 1000);
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

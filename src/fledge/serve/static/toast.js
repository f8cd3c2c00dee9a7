// One line at the bottom that disappears by itself, with at most one button.

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

/** Hide the toast, but not while the pointer or focus is on it. */
function hide() {
  const box = at("toast");
  if (box.matches(":hover, :focus-within")) timer = setTimeout(hide, SECONDS * 1000);
  else box.hidden = true;
}

/** Do `work` and show a toast if it fails. Return whether it succeeded. */
export async function telling(/** @type {() => Promise<unknown>} */ work) {
  try {
    await work();
    return true;
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error));
    return false;
  }
}

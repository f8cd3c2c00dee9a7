// Copying text, and the button over every block of code that does it.

import { iconButton, make, setIcon } from "./dom.js";
import { toast } from "./toast.js";

/** Put text on the clipboard; the button nods, or without one a line says so. */
export async function copyText(/** @type {string} */ text, /** @type {HTMLElement | null} */ button = null) {
  if (!(await written(text))) {
    toast("This browser lets nothing be copied from here; select the text instead.");
  } else if (button) {
    setIcon(button, "done");
    setTimeout(() => setIcon(button, "copy"), 1500);
  } else toast("Copied.");
}

/** Over plain HTTP a page has no clipboard but what the user has selected. */
async function written(/** @type {string} */ text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).then(() => true, () => false);
  const box = document.createElement("textarea");
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  box.value = text;
  box.className = "visually-hidden";
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  before?.focus();
  return done;
}

/** Put a bar with the language and a copy button over every code block in `box`. */
export function decorateCode(/** @type {HTMLElement} */ box) {
  for (const pre of box.querySelectorAll("pre")) {
    const code = pre.querySelector("code");
    const bar = make("div", "code-bar", make("span", "", code?.dataset.language ?? ""));
    bar.append(iconButton("copy", "Copy the code", (button) => copyText(pre.innerText, button)));
    const frame = make("div", "code");
    pre.replaceWith(frame);
    frame.append(bar, pre);
  }
}

// Copying text, and the copy button over every code block.

import { iconButton, make, setIcon } from "./dom.js";
import { toast } from "./toast.js";

/** Copy text to the clipboard; confirm with a tick on the button, or else with a toast. */
export async function copyText(/** @type {string} */ text, /** @type {HTMLElement | null} */ button = null) {
  if (!(await written(text))) {
    toast("Couldn't copy. Select the text and copy it yourself.");
  } else if (button) {
    setIcon(button, "done");
    setTimeout(() => setIcon(button, "copy"), 1500);
  } else toast("Copied.");
}

/** Copy with a hidden selection over plain HTTP, where pages have no clipboard access. */
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
    bar.append(iconButton("copy", "Copy code", (button) => copyText(pre.innerText, button)));
    const frame = make("div", "code");
    pre.replaceWith(frame);
    frame.append(bar, pre);
  }
}

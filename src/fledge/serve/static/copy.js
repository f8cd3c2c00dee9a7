// Copying text, and the button over every block of code that does it.

import { iconButton, make, setIcon } from "./dom.js";
import { toast } from "./toast.js";

/** Put text on the clipboard; the button nods. */
export async function copyText(/** @type {string} */ text, /** @type {HTMLElement} */ button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    toast("This browser lets nothing be copied from here; select the text instead.");
    return;
  }
  setIcon(button, "done");
  setTimeout(() => setIcon(button, "copy"), 1500);
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

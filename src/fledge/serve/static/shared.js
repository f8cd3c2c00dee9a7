// The page of a shared chat: a bar with a copy button over every code block, and folded files.

import { decorateCode } from "./copy.js";
import { partsOf } from "./sent-files.js";

for (const answer of document.querySelectorAll(".answer")) {
  decorateCode(/** @type {HTMLElement} */ (answer));
}
for (const bubble of document.querySelectorAll(".bubble")) {
  bubble.replaceChildren(...partsOf(bubble.textContent ?? ""));
}

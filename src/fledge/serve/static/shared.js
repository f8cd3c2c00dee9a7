// The page of a shared chat: a bar with a copy button over every code block.

import { decorateCode } from "./copy.js";

for (const answer of document.querySelectorAll(".answer")) {
  decorateCode(/** @type {HTMLElement} */ (answer));
}

// Texts of the task page: rendered as in the chat or plain, and folded where they are long.

import { decorateCode } from "./copy.js";
import { make, textButton } from "./dom.js";
import { showMarkdown } from "./markdown.js";

const FOLDED = 420; // pixels; a text that is little longer than this is shown whole

/**
 * Show a text, rendered by the server where it says how.
 * @param {HTMLElement} box
 * @param {{content: string, html?: string | null}} text
 */
export function showText(box, text, isPlain = false) {
  delete (/** @type {any} */ (box).streamed);
  if (isPlain) box.replaceChildren(make("div", "plain-text", text.content));
  else if (text.html) {
    const template = document.createElement("template");
    template.innerHTML = text.html; // cleaned by the server: serve/show/markdown.py
    box.replaceChildren(template.content);
    decorateCode(box);
  } else {
    box.replaceChildren();
    showMarkdown(box, text.content);
  }
}

/** Create a box for a text that folds itself. `name` says whose text it is. */
export function foldingText(/** @type {string} */ name) {
  const box = make("div", "answer");
  const unfold = textButton("Show all", () => fold(!box.classList.contains("folded")), "unfold");
  const fold = (/** @type {boolean} */ isFolded) => {
    box.classList.toggle("folded", isFolded);
    unfold.textContent = isFolded ? "Show all" : "Show less";
    unfold.setAttribute("aria-label", `${unfold.textContent} of ${name}`);
    unfold.setAttribute("aria-expanded", String(!isFolded));
  };
  unfold.hidden = true;
  const frame = make("div", "folding", box, unfold);
  return {
    frame,
    show(/** @type {{content: string, html?: string}} */ text, /** @type {boolean} */ isPlain) {
      showText(box, text, isPlain);
      box.classList.remove("folded");
      requestAnimationFrame(() => {
        unfold.hidden = box.scrollHeight <= FOLDED;
        if (!unfold.hidden) fold(true);
      });
    },
  };
}

// Lines above the task that stay until they are closed or are no longer true.

import { at, make, textButton } from "./dom.js";

/**
 * Show a line; one of the same name is replaced. Every button closes it.
 * @param {string} name
 * @param {string} text
 * @param {[string, () => void][]} actions
 */
export function banner(name, text, actions, isBad = false) {
  hide(name);
  const box = make("div", isBad ? "banner bad" : "banner", make("p", "", text));
  box.dataset.name = name;
  box.setAttribute("role", isBad ? "alert" : "status");
  for (const [label, act] of actions) {
    box.append(textButton(label, () => {
      hide(name);
      act();
    }, "button small"));
  }
  box.append(textButton("Close", () => hide(name), "button small"));
  at("banners").append(box);
}

/** Take a line away. */
export function hide(/** @type {string} */ name) {
  at("banners").querySelector(`[data-name="${name}"]`)?.remove();
}

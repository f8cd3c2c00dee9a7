// Parts that turns share: the way between versions, and a text that can be changed in its place.

import { choose } from "./asking.js";
import { iconButton, make, textButton } from "./dom.js";
import { update } from "./state.js";

/** @typedef {import("./tree.js").Message} Message */

/** ‹ 2/3 › where a message has siblings, else nothing. @returns {Node | string} */
export function siblingNav(/** @type {Message} */ message, /** @type {Message[]} */ siblings) {
  if (siblings.length < 2) return "";
  const place = siblings.findIndex((other) => other.id === message.id);
  const nav = make("span", "siblings");
  nav.setAttribute("role", "group");
  nav.setAttribute("aria-label", "Versions");
  const before = iconButton("left", "Previous version", () => choose(siblings[place - 1]));
  const after = iconButton("right", "Next version", () => choose(siblings[place + 1]));
  before.disabled = place === 0;
  after.disabled = place === siblings.length - 1;
  nav.append(before, make("span", "place", `${place + 1}/${siblings.length}`), after);
  return nav;
}

/**
 * A text to change, in place of the text itself.
 * @param {string} content
 * @param {string} verb of the button that takes it
 * @param {(text: string) => void} take
 */
export function editor(content, verb, take) {
  const box = make("div", "editor");
  const area = document.createElement("textarea");
  area.value = content;
  area.setAttribute("aria-label", "Text");
  area.dir = "auto";
  area.rows = Math.min(12, content.split("\n").length + 1);
  const done = () => {
    const text = area.value.trim();
    if (text) take(text);
  };
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      update({ editing: null });
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) done();
  });
  const buttons = make("div", "editor-buttons");
  buttons.append(
    textButton("Cancel", () => update({ editing: null })),
    textButton(verb, done, "button primary"),
  );
  box.append(area, buttons);
  return box;
}

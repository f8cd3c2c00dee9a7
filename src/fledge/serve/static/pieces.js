// Parts shared by turns: navigation between versions, and an inline text editor.

import { choose } from "./asking.js";
import { iconButton, make, textButton } from "./dom.js";
import { update } from "./state.js";

/** @typedef {import("./tree.js").Message} Message */

/** Create ‹ 2/3 › for a message with siblings, else nothing. @returns {Node | string} */
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
 * Create an editor that replaces the text itself.
 * @param {string} content
 * @param {string} verb label of the button that submits it
 * @param {(text: string) => void} take
 */
export function editor(content, verb, take) {
  const box = make("div", "editor");
  const area = document.createElement("textarea");
  area.value = content;
  area.setAttribute("aria-label", "Edit text");
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

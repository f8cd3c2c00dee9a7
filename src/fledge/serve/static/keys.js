// Keyboard shortcuts; the dialog in dialogs.html lists them.

import { again, stop } from "./asking.js";
import { copyText } from "./copy.js";
import { at } from "./dom.js";
import { openSettings } from "./settings.js";
import { running, state, update } from "./state.js";
import { pathTo } from "./tree.js";

/** @param {{startNew: () => void, closeMenu: () => void}} on */
export function setUpKeys(on) {
  at("keys").addEventListener("click", () => at("keys-dialog").showModal());
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open], :popover-open")) return;
    const act = actionOf(event, on);
    if (!act) return;
    if (event.key !== "Escape") event.preventDefault(); // Escape also closes popovers
    act();
  });
}

/** @returns {(() => void) | null} */
function actionOf(/** @type {KeyboardEvent} */ event, on) {
  const key = (event.key ?? "").toLowerCase(); // autofill events have no key
  const ctrl = event.ctrlKey || event.metaKey;
  const target = /** @type {HTMLElement} */ (event.target);
  if (key === "escape" && target.id === "search" && at("search").value) return null; // Escape clears the field
  if (key === "escape") return running().length ? stop : on.closeMenu;
  if (ctrl && event.shiftKey && key === "o") return on.startNew;
  if (event.altKey && key === "c") return copyLast;
  if (event.altKey && key === "r") return againLast;
  if (ctrl && key === "k") return () => focusSearch();
  if (ctrl && key === ",") return openSettings;
  const isTyping = target.matches("input, textarea, select");
  if (key === "arrowup" && target.id === "message" && !at("message").value) return editLast;
  if (isTyping || ctrl || event.altKey) return null;
  if (key === "/") return () => at("message").focus();
  if (key === "?") return () => at("keys-dialog").showModal();
  return null;
}

function focusSearch() {
  document.body.classList.add("menu-open"); // on a phone the list is in a drawer
  at("sidebar").inert = false;
  at("search").focus();
}

function last(/** @type {"user" | "assistant"} */ role) {
  return pathTo(state.messages, state.leaf).findLast((message) => message.role === role);
}

function copyLast() {
  const answer = last("assistant");
  if (answer) copyText(answer.content);
}

function againLast() {
  const answer = last("assistant");
  const asked = state.messages.get(answer?.parent_id ?? "");
  if (answer && asked?.role === "user" && !running().length) again(answer);
}

function editLast() {
  const question = last("user");
  if (question) update({ editing: question.id });
}

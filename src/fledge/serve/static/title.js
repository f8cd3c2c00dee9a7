// Renames the open chat in a dialog, because it may be missing from the list: old chats are on a
// later page, and phones hide the list.

import { rename } from "./chats.js";
import { at, wireClosing } from "./dom.js";

/** @typedef {import("./state.js").ChatSummary} ChatSummary */

/** @type {ChatSummary | null} */
let named = null;

/** Ask for a new title. */
export function askTitle(/** @type {ChatSummary} */ chat) {
  named = chat;
  at("title-box").value = chat.title;
  at("title-dialog").showModal();
  at("title-box").select();
}

/** Wire up the dialog, once. */
export function setUpTitle() {
  const dialog = at("title-dialog");
  wireClosing(dialog);
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "save" && named) rename(named, at("title-box").value);
    dialog.returnValue = "";
  });
}

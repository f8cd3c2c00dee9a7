// A new title for the opened chat, which may stand nowhere in the list: it is old, or found, or the
// list is in its drawer.

import { rename } from "./chats.js";
import { at, wireClosing } from "./dom.js";

/** @typedef {import("./state.js").ChatSummary} ChatSummary */

/** @type {ChatSummary | null} */
let named = null;

/** Ask for a title. */
export function askTitle(/** @type {ChatSummary} */ chat) {
  named = chat;
  at("title-box").value = chat.title;
  at("title-dialog").showModal();
  at("title-box").select();
}

/** Wire the sheet up, once. */
export function setUpTitle() {
  const dialog = at("title-dialog");
  wireClosing(dialog);
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "save" && named) rename(named, at("title-box").value);
    dialog.returnValue = "";
  });
}

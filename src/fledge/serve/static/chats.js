// List of saved chats: paged, searched, renamed, pinned, archived, deleted with undo.

import { call } from "./api.js";
import { startChat } from "./chat.js";
import { loadFolders } from "./folders.js";
import { rooted } from "./root.js";
import { state, update } from "./state.js";
import { announce } from "./tabs.js";
import { toast, telling } from "./toast.js";

/** @typedef {import("./state.js").ChatSummary} ChatSummary */

let asked = 0;

/** Load the first page of the list, or of the search results. */
export async function loadChats() {
  const turn = ++asked;
  await telling(async () => {
    const found = await call("GET", `/api/conversations?${query()}`);
    // A slow answer to an older search must not replace a newer one.
    if (turn === asked) update({ chats: found.conversations, next: found.next });
  });
}

/** Load the next page. */
export async function loadMore() {
  const { next } = state;
  if (!next) return;
  const turn = ++asked;
  await telling(async () => {
    const found = await call("GET", `/api/conversations?${query()}&after=${encodeURIComponent(next)}`);
    if (turn === asked) update({ chats: [...state.chats, ...found.conversations], next: found.next });
  });
}

function query() {
  const params = new URLSearchParams({ archived: String(state.archived) });
  if (!state.archived) params.set("folder", state.folder ?? "none");
  if (state.query.trim()) params.set("query", state.query.trim());
  return params;
}

const path = (/** @type {ChatSummary} */ chat) => `/api/conversations/${chat.id}`;

/** Return whether the change succeeded. @param {ChatSummary} chat @param {object} change */
async function patch(chat, change) {
  if (!(await telling(() => call("PATCH", path(chat), change)))) return false;
  if (state.chat.id === chat.id) Object.assign(state.chat, change);
  announce(chat.id);
  await Promise.all([loadChats(), loadFolders()]);
  return true;
}

/** Rename a chat; an empty title keeps the old one. */
export async function rename(/** @type {ChatSummary} */ chat, /** @type {string} */ title) {
  update({ renaming: null });
  if (title.trim() && title.trim() !== chat.title) await patch(chat, { title: title.trim() });
}

/** Pin a chat to the top, or unpin it. */
export const pin = (/** @type {ChatSummary} */ chat) => patch(chat, { pinned: !chat.pinned });

/** Move a chat into a folder, or with null out of every folder. */
export const move = (/** @type {ChatSummary} */ chat, /** @type {string | null} */ folder) =>
  patch(chat, { folder_id: folder });

/** Archive a chat, or unarchive it. */
export async function archive(/** @type {ChatSummary} */ chat) {
  const { archived } = chat; // the open chat's own record changes with it
  if (!(await patch(chat, { archived: !archived }))) return;
  toast(archived ? "Chat unarchived." : "Chat archived.", "Undo", () => patch(chat, { archived }));
}

/** Delete a chat and offer to undo it for a few seconds. */
export async function remove(/** @type {ChatSummary} */ chat) {
  if (!(await telling(() => call("DELETE", path(chat))))) return;
  announce(chat.id, true);
  if (state.chat.id === chat.id) {
    startChat();
    history.pushState(null, "", rooted("/"));
  }
  await Promise.all([loadChats(), loadFolders()]);
  toast("Chat deleted.", "Undo", () => telling(async () => {
    await call("POST", `${path(chat)}/restore`);
    announce(chat.id);
    await Promise.all([loadChats(), loadFolders()]);
  }));
}

/** Download a chat as a file for people, for programs or for training. */
export function exportChat(/** @type {{id: string | null}} */ chat, /** @type {"markdown" | "json" | "sft"} */ format) {
  const link = document.createElement("a");
  link.href = rooted(`/api/conversations/${chat.id}/export?format=${format}`);
  link.download = "";
  link.click();
}

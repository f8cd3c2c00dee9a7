// Folders of chats: the list above the chats, and the dialogs that name a folder or move a chat.

import { call } from "./api.js";
import { loadChats, move } from "./chats.js";
import { at, icon, iconButton, make, textButton, wireClosing } from "./dom.js";
import { state, update } from "./state.js";
import { announce } from "./tabs.js";
import { toast, telling } from "./toast.js";

/** @typedef {import("./state.js").ChatSummary} ChatSummary */
/** @typedef {import("./state.js").Folder} Folder */

const NEW = "new";
/** @type {Folder | null} */
let named = null; // the folder whose name is edited; null for a new one
/** @type {ChatSummary | null} */
let moved = null;

/** Load the folders; one that is gone is left. */
export function loadFolders() {
  return telling(async () => {
    const { folders } = await call("GET", "/api/folders");
    const isGone = state.folder !== null && !folders.some((/** @type {Folder} */ each) => each.id === state.folder);
    update({ folders, folder: isGone ? null : state.folder });
    if (isGone) loadChats();
  });
}

/** Open a folder in the list, or with null leave it. */
export function openFolder(/** @type {string | null} */ id) {
  update({ folder: id });
  loadChats();
}

/** Show the folders, or the name of the open one; rebuild only when something changed. */
export function showFolders(/** @type {HTMLElement} */ box, /** @type {typeof state} */ now) {
  const look = JSON.stringify([now.folders, now.folder, now.archived, Boolean(now.query.trim())]);
  if (box.dataset.look === look) return;
  box.dataset.look = look;
  const hadFocus = box.contains(document.activeElement);
  const open = now.folders.find((each) => each.id === now.folder);
  box.hidden = now.archived || (Boolean(now.query.trim()) && !open);
  box.replaceChildren(...(open ? openHead(open) : folderList(now.folders)));
  if (hadFocus) /** @type {HTMLElement | null} */ (box.querySelector("button"))?.focus();
}

/** @returns {Node[]} */
function openHead(/** @type {Folder} */ folder) {
  const head = make("div", "folder-head",
    iconButton("left", "All chats", () => openFolder(null)),
    make("h2", "folder-name", folder.name),
    iconButton("edit", `Edit folder “${folder.name}”`, () => askName(folder)));
  return [head];
}

/** @returns {Node[]} */
function folderList(/** @type {Folder[]} */ folders) {
  const add = textButton("", () => askName(null), "folder-open");
  add.append(icon("new-folder"), make("span", "folder-title", "New folder"));
  const rows = folders.map((folder) => {
    const open = textButton("", () => openFolder(folder.id), "folder-open");
    const count = make("span", "folder-count", String(folder.chats));
    open.append(icon("folder"), make("span", "folder-title", folder.name), count);
    open.setAttribute("aria-label", `${folder.name}, ${folder.chats} ${folder.chats === 1 ? "chat" : "chats"}`);
    return open;
  });
  const list = make("ul", "chat-list", ...[...rows, add].map((each) => make("li", "", each)));
  return [list];
}

/** Ask for the name of a new folder, or edit one. */
function askName(/** @type {Folder | null} */ folder) {
  named = folder;
  at("folder-title").textContent = folder ? "Edit folder" : "New folder";
  at("folder-name").value = folder?.name ?? "";
  at("folder-delete").hidden = !folder;
  at("folder-dialog").showModal();
  at("folder-name").select();
}

/** Ask for the folder of a chat. */
export function askFolder(/** @type {ChatSummary} */ chat) {
  moved = chat;
  const choices = [["", "No folder"], ...state.folders.map(({ id, name }) => [id, name]), [NEW, "New folder…"]];
  at("move-folder").replaceChildren(...choices.map(([value, name]) => new Option(name, value)));
  at("move-folder").value = state.folders.length ? chat.folder_id ?? "" : NEW;
  at("move-name").value = "";
  showNew();
  at("move-dialog").showModal();
}

function showNew() {
  const isNew = at("move-folder").value === NEW;
  at("move-new").hidden = !isNew;
  at("move-name").required = isNew;
}

async function saveName(/** @type {string} */ name) {
  await telling(() => named
    ? call("PATCH", `/api/folders/${named.id}`, { name })
    : call("POST", "/api/folders", { name }));
  changed();
}

async function removeFolder() {
  const folder = named;
  at("folder-dialog").close();
  if (!folder || !(await telling(() => call("DELETE", `/api/folders/${folder.id}`)))) return;
  changed();
  toast("Folder deleted. Its chats are still in your list.");
}

async function saveMove() {
  const chat = /** @type {ChatSummary} */ (moved);
  await telling(async () => {
    let id = at("move-folder").value || null;
    if (id === NEW) id = (await call("POST", "/api/folders", { name: at("move-name").value })).id;
    await move(chat, id);
  });
  changed();
}

function changed() {
  announce(null);
  loadFolders();
}

/** Call `save` after a dialog that was saved, not closed. */
function whenSaved(/** @type {string} */ name, /** @type {() => void} */ save) {
  const dialog = at(name);
  wireClosing(dialog);
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "save") save();
    dialog.returnValue = "";
  });
}

/** Wire up the dialogs, once. */
export function setUpFolders() {
  whenSaved("folder-dialog", () => saveName(at("folder-name").value));
  whenSaved("move-dialog", saveMove);
  at("folder-delete").addEventListener("click", removeFolder);
  at("move-folder").addEventListener("change", showNew);
}

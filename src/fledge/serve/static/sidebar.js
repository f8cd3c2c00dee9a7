// List of chats as DOM, grouped by age, each with a menu.

import { archive, exportChat, loadMore, pin, remove, rename } from "./chats.js";
import { openChat } from "./chat.js";
import { icon, iconButton, make, marked, textButton } from "./dom.js";
import { askFolder } from "./folders.js";
import { openMenu } from "./menu.js";
import { rooted } from "./root.js";
import { askShare } from "./share.js";
import { update } from "./state.js";

/** @typedef {import("./state.js").ChatSummary} ChatSummary */
/** @typedef {typeof import("./state.js").state} State */

const DAY = 86_400_000;

/** Show the chats; rebuild the list only when something changed. */
export function showChats(/** @type {HTMLElement} */ container, /** @type {State} */ state) {
  const look = JSON.stringify([state.chats, state.chat.id, state.renaming, state.query, state.archived, state.folder]);
  if (container.dataset.look === look || isInUse(container, state)) return;
  container.dataset.look = look;
  const held = placeOf(document.activeElement, container);
  const groups = Object.entries(groupsOf(state));
  container.replaceChildren(...groups.flatMap(([name, chats]) => {
    const list = make("ul", "chat-list", ...chats.map((chat) => row(chat, state)));
    list.setAttribute("aria-label", name);
    return [make("h2", "chat-group", name), list];
  }));
  if (!groups.length) container.append(make("p", "sidebar-note", emptyNote(state)));
  if (state.next) container.append(textButton("Show more", loadMore, "more"));
  if (held) /** @type {HTMLElement | null} */ (container.querySelector(held))?.focus();
  container.querySelector("input")?.select();
}

/** Return whether an open menu or a title being typed must not be replaced. */
function isInUse(/** @type {HTMLElement} */ container, /** @type {State} */ state) {
  const typing = container.querySelector(".rename");
  return container.querySelector(".menu") || (typing && typing.closest("li")?.dataset.id === state.renaming);
}

/** Return a selector that finds the focused element again in a rebuilt list. */
function placeOf(/** @type {Element | null} */ focused, /** @type {HTMLElement} */ container) {
  const id = container.contains(focused) ? focused?.closest("li")?.dataset.id : null;
  return id ? `li[data-id="${id}"] ${focused?.tagName === "BUTTON" ? "button" : "a"}` : null;
}

function emptyNote(/** @type {State} */ state) {
  if (state.query.trim()) return "No chats found.";
  if (state.folder) return "No chats in this folder.";
  return state.archived ? "No archived chats." : "Your chats will appear here.";
}

/** @returns {Record<string, ChatSummary[]>} */
function groupsOf(/** @type {State} */ state) {
  if (state.query.trim()) return state.chats.length ? { "Search results": state.chats } : {};
  const midnight = new Date().setHours(0, 0, 0, 0);
  /** @type {Record<string, ChatSummary[]>} */
  const groups = {};
  for (const chat of state.chats) (groups[groupOf(chat, midnight)] ??= []).push(chat);
  return groups;
}

function groupOf(/** @type {ChatSummary} */ chat, /** @type {number} */ midnight) {
  const changed = chat.updated_at * 1000;
  if (chat.pinned) return "Pinned";
  if (changed >= midnight) return "Today";
  if (changed >= midnight - DAY) return "Yesterday";
  if (changed >= midnight - 7 * DAY) return "Last 7 days";
  return new Date(changed).toLocaleDateString(undefined, { month: "long", year: "numeric" });
}

function row(/** @type {ChatSummary} */ chat, /** @type {State} */ state) {
  const item = make("li", "chat-row");
  item.dataset.id = chat.id;
  if (state.renaming === chat.id) {
    item.append(renameBox(chat));
    return item;
  }
  const title = chat.title || "New chat";
  const open = make("a", "chat-open", make("span", "chat-title", ...marked(title, chat.title_hits)));
  open.setAttribute("href", rooted(`/c/${chat.id}`));
  if (chat.snippet) open.append(make("span", "snippet", ...marked(chat.snippet, chat.snippet_hits)));
  if (chat.id === state.chat.id) open.setAttribute("aria-current", "page");
  open.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(null, "", rooted(`/c/${chat.id}`));
    openChat(chat.id);
  });
  const more = iconButton("more", `Actions for “${title}”`, (button) => openMenu(button, actions(chat)));
  more.setAttribute("aria-haspopup", "menu");
  item.append(open, more);
  if (chat.pinned) open.prepend(icon("pin"));
  return item;
}

/** List the actions of a chat. @returns {import("./menu.js").Item[]} */
export function actions(/** @type {ChatSummary} */ chat, startRenaming = () => update({ renaming: chat.id })) {
  return [
    { label: "Rename", icon: "edit", act: startRenaming },
    { label: chat.pinned ? "Unpin" : "Pin", icon: "pin", act: () => pin(chat) },
    { label: chat.archived ? "Unarchive" : "Archive", icon: "archive", act: () => archive(chat) },
    { label: "Move to folder", icon: "folder", act: () => askFolder(chat) },
    { label: "Share", icon: "share", act: () => askShare(chat) },
    ...exports(chat),
    { label: "Delete", icon: "delete", act: () => remove(chat), danger: true },
  ];
}

/** List the export formats of a chat. @returns {import("./menu.js").Item[]} */
function exports(/** @type {ChatSummary} */ chat) {
  return [
    { label: "Export as Markdown", icon: "download", act: () => exportChat(chat, "markdown") },
    { label: "Export as JSON", icon: "download", act: () => exportChat(chat, "json") },
    { label: "Export for training (JSONL)", icon: "download", act: () => exportChat(chat, "sft") },
  ];
}

function renameBox(/** @type {ChatSummary} */ chat) {
  const box = document.createElement("input");
  box.className = "rename";
  box.value = chat.title;
  box.maxLength = 200;
  box.setAttribute("aria-label", "Title");
  let done = false;
  const finish = (/** @type {string} */ title) => {
    if (!done) rename(chat, title);
    done = true;
  };
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") finish(box.value);
    else if (event.key === "Escape") {
      event.stopPropagation();
      finish("");
    }
  });
  box.addEventListener("blur", () => finish(box.value));
  return box;
}

// The desk: chats waiting for a person, and the open one. Reloaded every few seconds.

import { call } from "./api.js";
import { at, make } from "./dom.js";
import { sendOnEnter } from "./enter.js";
import { partsOf } from "./sent-files.js";
import { telling } from "./toast.js";
import { showWaiting } from "./waiting.js";

const EVERY = 3000; // milliseconds

/** @type {string | null} */
let opened = null;
/** Drafts by chat, so that none is sent to another chat. @type {Map<string, string>} */
const drafts = new Map();

async function readQueue() {
  const lines = await call("GET", "/api/queue");
  at("nobody").hidden = lines.length > 0;
  showWaiting(lines.filter((/** @type {any} */ line) => line.status === "waiting").length);
  showLines(lines);
  if (opened && !lines.some((/** @type {any} */ line) => line.id === opened)) leave();
}

/** Rebuild the list only when it changed: the keyboard focus may be in it. */
function showLines(/** @type {any[]} */ lines) {
  const list = at("lines");
  const rows = lines.map((line) => ({ ...line, who: whoOf(line), isOpen: line.id === opened }));
  const look = JSON.stringify(rows);
  if (list.dataset.look === look) return;
  list.dataset.look = look;
  const held = list.contains(document.activeElement) ? document.activeElement.dataset.id : null;
  list.replaceChildren(...rows.map(row));
  if (held) list.querySelector(`[data-id="${held}"]`)?.focus();
}

function whoOf(/** @type {any} */ line) {
  return line.status === "taken" ? `with ${line.name ?? "a colleague"}` : waited(line.since);
}

function row(/** @type {any} */ line) {
  const button = make("button", "desk-line");
  button.type = "button";
  button.dataset.id = line.id;
  button.append(
    make("span", "chat-title", line.title),
    make("span", "desk-who", line.who),
    make("span", "desk-from", line.page ? `${line.by} on ${short(line.page)}` : line.by),
    make("span", "snippet", line.last),
  );
  if (line.isOpen) button.setAttribute("aria-current", "true");
  button.addEventListener("click", () => telling(() => open(line.id)));
  return make("li", "chat-row", button);
}

/** Return a page's address without what every address has. */
const short = (/** @type {string} */ page) => page.replace(/^https?:\/\//, "").replace(/\/$/, "");

function waited(/** @type {number} */ since) {
  const minutes = Math.floor((Date.now() / 1000 - since) / 60);
  return minutes < 1 ? "just now" : `waiting for ${minutes} min`;
}

async function open(/** @type {string} */ id) {
  if (opened) drafts.set(opened, at("message").value);
  if (opened !== id) at("messages").replaceChildren();
  opened = id;
  at("message").value = drafts.get(id) ?? "";
  await readChat();
  await readQueue();
  if (opened === id) at("message").focus();
}

function leave() {
  if (opened) drafts.delete(opened);
  opened = null;
  at("open").hidden = true;
  at("none").hidden = false;
}

async function readChat() {
  const id = opened;
  if (!id) return;
  const chat = await call("GET", `/api/queue/${id}`);
  if (id !== opened) return; // another chat was opened meanwhile
  at("open").hidden = false;
  at("none").hidden = true;
  at("chat-title").textContent = chat.title;
  at("writer").textContent = chat.by;
  at("from").hidden = chat.page === null;
  if (chat.page !== null && at("page").getAttribute("href") !== chat.page) {
    at("page").href = chat.page; // http or https: serve/web/desk.py
    at("page").textContent = short(chat.page);
  }
  showTurns(chat.messages, chat.by);
}

/** Update only changed turns, so that screen readers read only new ones. */
function showTurns(/** @type {any[]} */ messages, /** @type {string} */ writer) {
  const box = at("messages");
  let isNew = false;
  messages.forEach((message, index) => {
    const old = box.children[index];
    const look = JSON.stringify([message.id, message.content]);
    if (old?.dataset.look === look) return;
    const node = turn(message, writer);
    node.dataset.look = look;
    if (old) old.replaceWith(node);
    else box.append(node);
    isNew = true;
  });
  while (box.children.length > messages.length) box.lastElementChild.remove();
  if (isNew) at("scroll").scrollTop = at("scroll").scrollHeight;
}

function turn(/** @type {any} */ message, /** @type {string} */ writer) {
  const isVisitor = message.role === "user";
  const who = isVisitor ? writer : (message.by ?? message.model ?? "Model");
  const article = make("article", isVisitor ? "turn user" : "turn assistant");
  article.append(
    make("h3", "desk-by", who),
    isVisitor ? make("div", "bubble", ...partsOf(message.content)) : make("div", "answer desk-text", message.content),
  );
  return article;
}

at("reply").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  const content = at("message").value.trim();
  const id = opened;
  if (!content || !id) return;
  at("message").value = "";
  telling(async () => {
    try {
      await call("POST", `/api/queue/${id}/messages`, { content });
    } catch (error) {
      if (opened === id) at("message").value ||= content; // nothing typed is lost
      throw error;
    }
    await readChat();
    await readQueue();
  });
});

at("close").addEventListener("click", () => telling(async () => {
  await call("POST", `/api/queue/${opened}/close`);
  leave();
  await readQueue();
}));

sendOnEnter(at("message"), () => at("reply").requestSubmit());
setInterval(() => {
  if (document.hidden) return;
  readQueue().catch(() => {}); // the timer retries
  readChat().catch(() => {});
}, EVERY);
telling(readQueue);

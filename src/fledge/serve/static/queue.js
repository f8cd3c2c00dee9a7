// The desk: who wants a person, and a chat to answer in. Read anew every few seconds.

import { call } from "./api.js";
import { at, make } from "./dom.js";
import { telling } from "./toast.js";

const EVERY = 3000; // milliseconds

/** @type {string | null} */
let opened = null;
let shown = "";

async function readQueue() {
  const lines = await call("GET", "/api/queue");
  at("nobody").hidden = lines.length > 0;
  at("lines").replaceChildren(...lines.map(row));
  if (opened && !lines.some((/** @type {any} */ line) => line.id === opened)) leave();
}

function row(/** @type {any} */ line) {
  const button = make("button", "desk-line");
  button.type = "button";
  const who = line.status === "taken" ? `with ${line.name}` : `waiting ${waited(line.since)}`;
  button.append(
    make("span", "chat-title", line.title),
    make("span", "desk-who", who),
    make("span", "snippet", line.last),
  );
  if (line.id === opened) button.setAttribute("aria-current", "true");
  button.addEventListener("click", () => telling(() => open(line.id)));
  return make("li", "chat-row", button);
}

function waited(/** @type {number} */ since) {
  const minutes = Math.floor((Date.now() / 1000 - since) / 60);
  return minutes < 1 ? "for a moment" : `${minutes} min`;
}

async function open(/** @type {string} */ id) {
  opened = id;
  shown = "";
  await readChat();
  await readQueue();
  at("message").focus();
}

function leave() {
  opened = null;
  at("open").hidden = true;
  at("none").hidden = false;
}

async function readChat() {
  if (!opened) return;
  const chat = await call("GET", `/api/queue/${opened}`);
  at("open").hidden = false;
  at("none").hidden = true;
  at("chat-title").textContent = chat.title;
  const look = JSON.stringify(chat.messages.map((/** @type {any} */ each) => [each.id, each.content]));
  if (look === shown) return;
  shown = look;
  at("messages").replaceChildren(...chat.messages.map(turn));
  at("scroll").scrollTop = at("scroll").scrollHeight;
}

function turn(/** @type {any} */ message) {
  const isVisitor = message.role === "user";
  const who = isVisitor ? "They" : (message.by ?? message.model ?? "Model");
  const article = make("article", isVisitor ? "turn user" : "turn assistant");
  article.append(
    make("h3", "desk-by", who),
    make("div", isVisitor ? "bubble" : "answer desk-text", message.content),
  );
  return article;
}

at("reply").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  const content = at("message").value.trim();
  if (!content || !opened) return;
  telling(async () => {
    await call("POST", `/api/queue/${opened}/messages`, { content });
    at("message").value = "";
    await readChat();
    await readQueue();
  });
});

at("message").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  at("reply").requestSubmit();
});

at("close").addEventListener("click", () => telling(async () => {
  await call("POST", `/api/queue/${opened}/close`);
  leave();
  await readQueue();
}));

setInterval(() => {
  if (document.hidden) return;
  readQueue().catch(() => {}); // the next try comes by itself
  readChat().catch(() => {});
}, EVERY);
telling(readQueue);

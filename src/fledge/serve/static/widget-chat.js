// The chat in the frame: a visitor's own, found again by a token that this browser keeps.

import { at, make } from "./dom.js";
import { showMarkdown } from "./markdown.js";

const assistant = document.body.dataset.assistant ?? "";
const KEY = `fledge.visitor.${assistant}`;
const EVERY = 4000; // milliseconds between looks whether a person has answered

let token = localStorage.getItem(KEY);
let busy = false;
/** @type {Map<string, HTMLElement>} */
const shown = new Map();

async function call(/** @type {string} */ method, /** @type {string} */ path, /** @type {object} */ body) {
  const reply = await fetch(path, {
    method,
    headers: { "content-type": "application/json", "x-visitor": token ?? "" },
    body: body && JSON.stringify(body),
  });
  if (!reply.ok) throw new Error((await reply.json()).error.message);
  return reply;
}

/** A token for somebody new; a visitor who only looks leaves no trace. */
async function visit() {
  if (token) return;
  const reply = await call("POST", `/api/widget/${assistant}/visits`, {});
  token = /** @type {string} */ ((await reply.json()).token);
  localStorage.setItem(KEY, token);
}

function show(/** @type {any} */ message) {
  const isMine = message.role === "user";
  let node = shown.get(message.id);
  if (!node) {
    node = make("article", isMine ? "turn user" : "turn assistant");
    node.append(
      make("h2", "visually-hidden", isMine ? "You" : (message.by ?? "Assistant")),
      ...(message.by ? [make("p", "desk-by", message.by)] : []),
      make("div", isMine ? "bubble" : "answer"),
    );
    shown.set(message.id, node);
    at("messages").append(node);
  }
  const look = JSON.stringify([message.content, message.status]);
  if (node.dataset.look === look) return;
  node.dataset.look = look;
  const text = /** @type {HTMLElement} */ (node.lastElementChild);
  if (isMine) text.textContent = message.content;
  else if (message.html === null) showMarkdown(text, message.content);
  else {
    const template = document.createElement("template");
    template.innerHTML = message.html; // cleaned by the server: serve/markdown.py
    text.replaceChildren(template.content);
  }
  node.classList.toggle("writing", message.status === "running");
  at("suggestions").hidden = true;
  at("scroll").scrollTop = at("scroll").scrollHeight;
}

async function follow(/** @type {any} */ message, /** @type {string} */ runId) {
  const reply = await call("GET", `/api/widget/runs/${runId}/events`, undefined);
  let name = "";
  for await (const line of linesOf(reply.body)) {
    if (line.startsWith("event: ")) name = line.slice(7);
    if (!line.startsWith("data: ")) continue;
    const data = JSON.parse(line.slice(6));
    if (name === "end") return show(data.message);
    message.content = name === "snapshot" ? data.text : message.content + data.text;
    show(message);
  }
}

async function* linesOf(/** @type {ReadableStream<Uint8Array>} */ body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

async function say(/** @type {string} */ content) {
  if (busy || !content) return;
  busy = true;
  try {
    await visit();
    const reply = await (await call("POST", "/api/widget/chat/messages", { content })).json();
    reply.messages.forEach(show);
    if (reply.run_id) await follow(reply.messages[1], reply.run_id);
  } catch (error) {
    tell(error instanceof Error ? error.message : "That did not work.");
    at("message").value = content;
  }
  busy = false;
}

const tell = (/** @type {string} */ text) => (at("caution").textContent = text);

async function read() {
  if (!token || busy) return;
  const chat = await (await call("GET", "/api/widget/chat", undefined)).json();
  chat.messages.forEach(show);
  if (chat.hand_over) {
    tell(chat.hand_over.status === "taken" ? `You are talking with ${chat.hand_over.name}.` : "A person has been asked to come.");
  }
  const running = chat.messages.find((/** @type {any} */ message) => message.run_id);
  if (running) await follow(running, running.run_id);
}

at("composer").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  const text = at("message").value.trim();
  at("message").value = "";
  say(text);
});
at("message").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  at("composer").requestSubmit();
});
at("person").addEventListener("click", async () => {
  await visit();
  await call("POST", "/api/widget/chat/person", {});
  await read();
});
for (const suggestion of document.querySelectorAll(".suggestion")) {
  suggestion.addEventListener("click", () => say(suggestion.textContent ?? ""));
}

read().catch(() => {
  localStorage.removeItem(KEY); // the chat is gone: begin anew
  token = null;
});
setInterval(() => {
  if (!document.hidden) read().catch(() => {}); // the next try comes by itself
}, EVERY);

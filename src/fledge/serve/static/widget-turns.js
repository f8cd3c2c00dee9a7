// Turns of a visitor's chat as DOM.

import { at, make } from "./dom.js";
import { showMarkdown } from "./markdown.js";

const UNWRITTEN = "Something went wrong. Please ask again.";

/** @type {Map<string, HTMLElement>} */
const shown = new Map();

/** Update a turn of the chat, or append it. */
export function show(/** @type {any} */ message) {
  const isMine = message.role === "user";
  const node = shown.get(message.id) ?? build(message, isMine);
  const look = JSON.stringify([message.content, message.status]);
  if (node.dataset.look === look) return;
  node.dataset.look = look;
  const text = /** @type {HTMLElement} */ (node.querySelector(".bubble, .answer"));
  if (isMine) text.textContent = message.content;
  else if (message.html === null) showMarkdown(text, message.content);
  else if (!message.content) text.textContent = UNWRITTEN;
  else {
    const template = document.createElement("template");
    template.innerHTML = message.html; // cleaned by the server: serve/show/markdown.py
    text.replaceChildren(template.content);
    node.querySelector(".sources")?.replaceChildren(...message.citations.map(source));
  }
  node.classList.toggle("writing", message.status === "running");
  node.setAttribute("aria-busy", String(message.status === "running"));
  at("suggestions").hidden = true;
  at("scroll").scrollTop = at("scroll").scrollHeight;
}

function build(/** @type {any} */ message, /** @type {boolean} */ isMine) {
  const node = make("article", isMine ? "turn user" : "turn assistant");
  node.append(
    make("h2", "visually-hidden", isMine ? "You" : (message.by ?? "Assistant")),
    ...(message.by ? [make("p", "desk-by", message.by)] : []),
    make("div", isMine ? "bubble" : "answer"),
    ...(isMine ? [] : [make("div", "sources")]),
  );
  shown.set(message.id, node);
  at("messages").append(node);
  return node;
}

function source(/** @type {any} */ cited) {
  const details = make("details", "source");
  details.append(make("summary", "", `[${cited.number}] ${cited.name}`), make("p", "", cited.text));
  return details;
}

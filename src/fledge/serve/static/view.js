// The state as DOM: the messages of one chat, and the list of chats.

import { showMarkdown } from "./markdown.js";

/** @typedef {import("./store.js").Turn} Turn */
/** @typedef {import("./store.js").Chat} Chat */

const NOTES = {
  stopped: "Stopped.",
  length: "The answer reached its length limit.",
};

/**
 * Show `turns`, reusing what is already there, so that a growing answer repaints only its end.
 * @param {HTMLElement} container
 * @param {Turn[]} turns
 * @param {{copy: (turn: Turn, button: HTMLElement) => void, again: () => void,
 *   nameOf: (model: string) => string}} on
 */
export function showTurns(container, turns, on) {
  turns.forEach((turn, index) => {
    let node = container.children[index];
    if (!node || node.turn !== turn) {
      const fresh = turn.role === "user" ? userTurn(turn) : assistantTurn(turn, on);
      fresh.turn = turn;
      if (node) node.replaceWith(fresh);
      else container.append(fresh);
      node = fresh;
    }
    if (turn.role === "assistant") update(node, turn, index === turns.length - 1);
  });
  while (container.children.length > turns.length) container.lastElementChild.remove();
}

function userTurn(/** @type {Turn} */ turn) {
  const article = make("article", "turn user");
  article.append(make("h2", "visually-hidden", "You"), make("div", "bubble", turn.content));
  return article;
}

function assistantTurn(/** @type {Turn} */ turn, on) {
  const article = make("article", "turn assistant");
  const name = on.nameOf(turn.model ?? "");
  const actions = make("div", "actions");
  const copy = iconButton("copy", "Copy the answer");
  copy.addEventListener("click", () => on.copy(turn, copy));
  const again = iconButton("again", "Answer again");
  again.addEventListener("click", on.again);
  actions.append(copy, again, make("span", "by", name));
  article.append(
    make("h2", "visually-hidden", name || "Assistant"),
    make("div", "answer"),
    make("p", "note"),
    actions,
  );
  return article;
}

function update(/** @type {HTMLElement} */ node, /** @type {Turn} */ turn, isLast) {
  const writing = turn.state === "writing";
  const [, answer, note, actions] = node.children;
  showMarkdown(answer, turn.content);
  node.classList.toggle("writing", writing);
  node.classList.toggle("failed", turn.state === "failed");
  node.classList.toggle("waiting", writing && !turn.content);
  node.setAttribute("aria-busy", String(writing));
  note.textContent = turn.error ?? NOTES[turn.state] ?? "";
  actions.hidden = writing;
  actions.children[0].hidden = !turn.content;
  actions.children[1].hidden = !isLast;
}

/**
 * @param {HTMLElement} list
 * @param {Chat[]} chats
 * @param {string} current
 * @param {{open: (chat: Chat) => void, remove: (chat: Chat) => void}} on
 */
export function showChats(list, chats, current, on) {
  const rows = chats.map((chat) => {
    const row = make("li", "chat-row");
    const open = make("button", "chat-open", chat.title);
    open.type = "button";
    open.addEventListener("click", () => on.open(chat));
    if (chat.id === current) open.setAttribute("aria-current", "true");
    const remove = iconButton("delete", `Delete “${chat.title}”`);
    remove.addEventListener("click", () => on.remove(chat));
    row.append(open, remove);
    return row;
  });
  list.replaceChildren(...rows);
}

function iconButton(/** @type {string} */ icon, /** @type {string} */ label) {
  const button = make("button", "icon-button");
  button.type = "button";
  button.setAttribute("aria-label", label);
  button.title = label;
  setIcon(button, icon);
  return button;
}

/** Draw one of the page's icons in `button`. */
export function setIcon(/** @type {HTMLElement} */ button, /** @type {string} */ icon) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${icon}`);
  svg.append(use);
  button.replaceChildren(svg);
}

/** An element with a class and, as text, its content. */
export function make(name, className, text = "") {
  const node = document.createElement(name);
  node.className = className;
  if (text) node.textContent = text;
  return node;
}

// Messages of a chat as DOM. A turn keeps its element while its message is shown.

import { showAnswer, makeAnswer } from "./answer.js";
import { makeComparison, showComparison } from "./comparison.js";
import { branch } from "./asking.js";
import { iconButton, make } from "./dom.js";
import { copyText } from "./copy.js";
import { editor, siblingNav } from "./pieces.js";
import { partsOf } from "./sent-files.js";
import { update } from "./state.js";
import { comparisonOf, familiesOf, pathTo } from "./tree.js";

/** @typedef {import("./tree.js").Message} Message */
/** @typedef {typeof import("./state.js").state} State */

/** Show the path to the current leaf; a pair that waits for a choice is shown side by side. */
export function showTurns(/** @type {HTMLElement} */ container, /** @type {State} */ state) {
  const path = pathTo(state.messages, state.leaf);
  const families = familiesOf(state.messages);
  path.forEach((message, index) => {
    const siblings = families.get(message.parent_id) ?? [];
    const pair = message.role === "assistant" ? comparisonOf(siblings, message) : null;
    const kind = message.role === "user" ? "user" : pair ? "pair" : "answer";
    const key = `${kind}:${pair ? message.compare : message.id}`;
    const node = keep(container, index, key, () => {
      if (kind === "user") return makeQuestion();
      return pair ? makeComparison(pair) : makeAnswer();
    });
    if (pair) showComparison(node, pair);
    else if (kind === "user") showQuestion(node, message, siblings, state);
    else showAnswer(node, message, siblings, index === path.length - 1);
  });
  while (container.children.length > path.length) container.lastElementChild?.remove();
}

/** Return the child with this key, moved or created at this index in place of the old one. */
function keep(container, index, key, build) {
  const old = container.children[index];
  if (old?.dataset.key === key) return old;
  const known = [...container.children].find((child) => child.dataset.key === key);
  const node = known ?? build();
  node.dataset.key = key;
  if (known) while (container.children[index] !== known) container.children[index].remove();
  else if (old) old.replaceWith(node);
  else container.append(node);
  return node;
}

function makeQuestion() {
  const article = make("article", "turn user");
  article.append(
    make("h2", "visually-hidden", "You"),
    make("div", "bubble"),
    make("div", "actions"),
  );
  return article;
}

function showQuestion(/** @type {HTMLElement} */ node, /** @type {Message} */ message, /** @type {Message[]} */ siblings, /** @type {State} */ state) {
  const editing = state.editing === message.id;
  const look = JSON.stringify([editing, siblings.length]); // a question itself never changes
  if (node.dataset.look === look) return;
  node.dataset.look = look;
  const [, bubble, actions] = /** @type {HTMLElement[]} */ ([...node.children]);
  node.classList.toggle("editing", editing);
  if (editing) {
    bubble.replaceChildren(editor(message.content, "Send", (text) => branch(message, text)));
    bubble.querySelector("textarea")?.focus();
    actions.replaceChildren();
    return;
  }
  bubble.replaceChildren(...partsOf(message.content));
  actions.replaceChildren(
    iconButton("copy", "Copy message", (button) => copyText(message.content, button)),
    iconButton("edit", "Edit message", () => update({ editing: message.id })),
    siblingNav(message, siblings),
  );
}

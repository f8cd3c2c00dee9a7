// Demonstrating: write the ideal answer or improve the model's, over one turn or several.

import { make, textButton } from "./dom.js";
import { state, work } from "./label-state.js";
import { foldingText } from "./label-text.js";
import { toast } from "./toast.js";

/** @typedef {import("./label-state.js").Turn} Turn */

const LONGEST = 100_000; // characters of a turn

/** Create the view of a task that asks for an answer. */
export function demonstrateView() {
  const [given] = state.task?.answers ?? [];
  const boxes = make("div", "");
  const add = textButton("Add a turn", () => setTurns([...state.work.messages, turn("user"), turn("assistant")], true));
  add.title = "What the person says next, and the ideal answer to it";
  const less = textButton("Remove the last two", removeTurns);
  const model = given ? modelAnswer(given) : null;
  return {
    node: make("div", "", ...(model ? [model.node] : []), boxes, make("div", "row", add, less)),
    paint() {
      const { messages } = state.work;
      while (boxes.children.length > messages.length) boxes.lastElementChild?.remove();
      messages.forEach((message, index) => {
        const old = /** @type {HTMLElement | undefined} */ (boxes.children[index]);
        const node = old ?? boxFor(message, index);
        if (!old) boxes.append(node);
        const area = /** @type {HTMLTextAreaElement} */ (node.querySelector("textarea"));
        if (area.value !== message.content) area.value = message.content;
      });
      less.hidden = messages.length < 3;
      model?.paint();
    },
    key: () => false,
    card: () => null,
  };
}

const turn = (/** @type {string} */ role) => ({ role, content: "" });

function boxFor(/** @type {Turn} */ message, /** @type {number} */ index) {
  const isUser = message.role === "user";
  const area = /** @type {HTMLTextAreaElement} */ (make("textarea"));
  area.id = `turn-${index}`;
  area.maxLength = LONGEST;
  area.dir = "auto";
  area.addEventListener("input", () => {
    const messages = state.work.messages.map((each, place) => (place === index ? { ...each, content: area.value } : each));
    work({ messages });
  });
  const label = /** @type {HTMLLabelElement} */ (make("label", "", isUser ? "The person's next message" : index ? "Ideal answer to it" : "Ideal answer"));
  label.htmlFor = area.id;
  return make("div", isUser ? "written is-user" : "written", make("div", "written-head", label), area);
}

function setTurns(/** @type {Turn[]} */ messages, isFocused = false) {
  work({ messages });
  if (isFocused) document.getElementById(`turn-${messages.length - 2}`)?.focus();
}

function removeTurns() {
  const before = state.work.messages;
  setTurns(before.slice(0, -2));
  if (before.slice(-2).some((each) => each.content.trim())) toast("Two turns removed.", "Undo", () => setTurns(before));
}

/** Show the model's answer, which one may start from. */
function modelAnswer(/** @type {import("./label-state.js").Answer} */ given) {
  const text = foldingText("the model's answer");
  const start = textButton("Edit this answer", () => {
    const before = state.work.messages;
    setTurns([{ role: "assistant", content: given.content }, ...before.slice(1)]);
    document.getElementById("turn-0")?.focus();
    if (before[0].content.trim()) toast("Your text was replaced.", "Undo", () => setTurns(before));
  }, "button small");
  const head = make("div", "label-answer-head", make("h3", "", "The model's answer"), start);
  let look = "";
  return {
    node: make("section", "label-answer written", head, text.frame),
    paint() {
      if (look !== String(state.isPlain)) text.show(given, state.isPlain);
      look = String(state.isPlain);
    },
  };
}

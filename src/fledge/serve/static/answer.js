// One answer: its text while it streams and after, its ending, and its actions.

import { again, goOn } from "./asking.js";
import { copyText, decorateCode } from "./copy.js";
import { iconButton, make, setLabel } from "./dom.js";
import { showMarkdown } from "./markdown.js";
import { demonstrate, rate } from "./opinions.js";
import { editor, siblingNav } from "./pieces.js";
import { reasonsPanel } from "./reasons.js";
import { canSpeak, speak } from "./speech.js";
import { nameOf, state, update } from "./state.js";

/** @typedef {import("./tree.js").Message} Message */

const ENDINGS = {
  cancelled: "Stopped.",
  interrupted: "The server restarted before this answer was complete.",
  failed: "Something went wrong. Try again.",
};

/** Create an empty turn of the assistant. */
export function makeAnswer() {
  const article = make("article", "turn assistant");
  article.append(
    make("h2", "visually-hidden"),
    make("div", "answer"),
    make("p", "note"),
    make("div", "sources"),
    make("div", "actions"),
    make("div", "opinion"),
  );
  return article;
}

/** Update a turn; only a growing text costs anything. */
export function showAnswer(/** @type {HTMLElement} */ node, /** @type {Message} */ message, /** @type {Message[]} */ siblings, isLast = false) {
  const [heading, body, note, sources, actions, opinion] = /** @type {HTMLElement[]} */ ([...node.children]);
  const editing = state.editing === message.id;
  showText(node, body, message, editing);
  const look = JSON.stringify([
    message.status, message.finish_reason, message.rating, siblings.length, isLast, editing,
    state.rating === message.id,
  ]);
  if (node.dataset.look === look) return;
  node.dataset.look = look;
  const writing = message.status === "running";
  node.classList.toggle("writing", writing);
  node.classList.toggle("failed", message.status === "failed");
  node.setAttribute("aria-busy", String(writing));
  heading.textContent = message.by ?? (nameOf(message.model) || "Assistant");
  note.textContent = noteOf(message);
  sources.replaceChildren(...sourcesOf(message));
  actions.hidden = writing || editing;
  actions.replaceChildren(...actionsOf(message, siblings, isLast));
  opinion.replaceChildren(...(state.rating === message.id ? [reasonsPanel(message)] : []));
}

/** Show the text: rendered here while it grows, by the server once it has ended. */
export function showText(/** @type {HTMLElement} */ node, /** @type {HTMLElement} */ body, /** @type {Message} */ message, editing = false) {
  const mode = editing ? "editing" : message.html === null ? "streaming" : "final";
  node.classList.toggle("waiting", mode === "streaming" && !message.content);
  if (mode === "streaming") {
    if (node.dataset.text === mode && body.dataset.length === String(message.content.length)) return;
    showMarkdown(body, message.content);
    body.dataset.length = String(message.content.length);
  } else if (node.dataset.text !== mode) {
    delete (/** @type {any} */ (body).streamed);
    if (editing) {
      body.replaceChildren(editor(message.content, "Save", (text) => demonstrate(message, text)));
      body.querySelector("textarea")?.focus();
    } else {
      const template = document.createElement("template");
      template.innerHTML = message.html ?? ""; // cleaned by the server: serve/show/markdown.py
      body.replaceChildren(template.content);
      decorateCode(body);
    }
  }
  node.dataset.text = mode;
}

function noteOf(/** @type {Message} */ message) {
  if (message.status === "running") return "";
  if (message.finish_reason === "length") return "The answer reached its length limit.";
  if (message.finish_reason === "repetition") return "Stopped: the answer repeated itself.";
  if (message.finish_reason === "content_filter") return "The answer was withheld.";
  if (message.error) return message.error;
  return ENDINGS[/** @type {keyof typeof ENDINGS} */ (message.status)] ?? "";
}

function actionsOf(/** @type {Message} */ message, /** @type {Message[]} */ siblings, /** @type {boolean} */ isLast) {
  const thumb = (value, name, label) => {
    const chosen = message.rating?.value === value;
    const button = iconButton(name, label, async () => {
      const kept = await rate(message, { value: chosen ? 0 : value });
      if (kept) update({ rating: chosen ? null : message.id });
    });
    button.setAttribute("aria-pressed", String(chosen));
    return button;
  };
  const parts = [siblingNav(message, siblings)];
  if (message.content) {
    parts.push(iconButton("copy", "Copy answer", (button) => copyText(message.content, button)));
  }
  if (message.content && canSpeak) {
    parts.push(iconButton("speak", "Read aloud", (button) => speak(button.closest("article"))));
  }
  if (state.messages.get(message.parent_id ?? "")?.role === "user" && !message.by) {
    parts.push(iconButton("again", "Regenerate answer", () => again(message)));
    if (isCut(message) && isLast) parts.push(iconButton("continue", "Continue answer", () => goOn(message)));
  }
  if (message.content && message.parent_id && !message.by) {
    parts.push(thumb(1, "up", "Good answer"), thumb(-1, "down-thumb", "Bad answer"));
    const edit = iconButton("edit", "Write a better answer", () => update({ editing: message.id }));
    setLabel(edit, "Write a better answer");
    parts.push(edit);
  }
  parts.push(make("span", "by", byline(message)));
  return parts;
}

const isCut = (/** @type {Message} */ message) =>
  message.content && (message.finish_reason === "length" ||
    ["cancelled", "interrupted", "failed"].includes(message.status));

function byline(/** @type {Message} */ message) {
  const who = message.by ?? nameOf(message.model);
  const { completion_tokens: tokens, seconds } = message;
  return tokens && seconds ? `${who} · ${(tokens / seconds).toFixed(0)} tokens/s` : who;
}

function sourcesOf(/** @type {Message} */ message) {
  return (message.citations ?? []).map((source) => {
    const details = make("details", "source");
    details.append(
      make("summary", "", `[${source.number}] ${source.name}`),
      make("p", "", source.text),
    );
    return details;
  });
}

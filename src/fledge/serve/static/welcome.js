// Start of an empty chat: a greeting and suggested messages.

import { ask } from "./asking.js";
import { at, icon, make, textButton } from "./dom.js";
import { page } from "./state.js";

/** @typedef {typeof import("./state.js").state} State */

/** Show a greeting; assistants have their own. */
export function showWelcome(/** @type {HTMLElement} */ section, /** @type {State} */ state) {
  section.hidden = state.leaf !== null;
  const { assistant, temporary } = state.chat;
  const look = JSON.stringify([assistant?.id, temporary, section.hidden, at("model").value]);
  if (section.dataset.look === look || section.hidden) return;
  section.dataset.look = look;
  const suggestions = suggestionsOf(assistant);
  const chips = suggestions.map((/** @type {string} */ text) =>
    textButton(text, () => ask(text), "suggestion"));
  section.replaceChildren(
    ...(assistant ? [make("p", "welcome-mark", icon("spark"), assistant.name)] : []),
    make("p", "welcome-title", titleOf(state)),
    ...(temporary ? [make("p", "welcome-note", "This chat won't appear in your chats or search, and is never used for training.")] : []),
    ...(assistant?.description ? [make("p", "welcome-note", assistant.description)] : []),
    ...(chips.length ? [make("div", "suggestions", ...chips)] : []),
  );
}

/** Show an assistant's greeting above the conversation. */
export function showGreeting(/** @type {HTMLElement} */ box, /** @type {State} */ state) {
  const { assistant } = state.chat;
  box.hidden = state.leaf === null || !assistant?.greeting;
  if (box.hidden || !assistant) return;
  at("greeter").textContent = assistant.name;
  at("greeting-text").textContent = assistant.greeting;
}

/** Return an assistant's own suggestions, else the server's or those of the chosen model. */
function suggestionsOf(/** @type {import("./state.js").Assistant | null} */ assistant) {
  if (assistant?.suggestions.length) return assistant.suggestions;
  const model = page.models.find((/** @type {any} */ each) => each.id === at("model").value);
  return page.suggestions.length ? page.suggestions : model?.suggestions ?? [];
}

function titleOf(/** @type {State} */ state) {
  const { assistant, temporary } = state.chat;
  if (assistant) return assistant.greeting || `How can ${assistant.name} help you?`;
  return temporary ? "Temporary chat" : "What's on your mind?";
}

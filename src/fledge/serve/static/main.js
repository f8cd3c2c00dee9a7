// The chat page: one state, one render; what happens changes the state and asks for a render.

import { answer, AnswerError } from "./api.js";
import { loadChats, newChat, saveChats, titleOf } from "./store.js";
import { make, setIcon, showChats, showTurns } from "./view.js";

const at = (id) => document.getElementById(id);
const page = {
  messages: at("messages"), scroll: at("scroll"), welcome: at("welcome"), chats: at("chats"),
  composer: at("composer"), message: at("message"), model: at("model"), send: at("send"),
  toEnd: at("to-end"), toast: at("toast"), menu: at("menu"), scrim: at("scrim"),
};

const chats = loadChats();
let chat = newChat(page.model.value);
/** @type {AbortController | null} */
let writing = null;
let follows = true; // whether the view keeps to the end of the answer
let frame = 0;
let toastTimer = 0;

function render() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    showTurns(page.messages, chat.turns, { copy, again, nameOf });
    page.welcome.hidden = chat.turns.length > 0;
    page.send.disabled = !writing && !page.message.value.trim();
    const action = writing ? "stop" : "send";
    if (page.send.dataset.action !== action) {
      page.send.dataset.action = action;
      page.send.setAttribute("aria-label", writing ? "Stop" : "Send");
      setIcon(page.send, action);
    }
    if (follows) page.scroll.scrollTop = page.scroll.scrollHeight;
    page.toEnd.hidden = follows;
  });
}

function renderChats() {
  showChats(page.chats, chats, chat.id, { open, remove });
}

async function send(/** @type {string} */ text) {
  if (!chat.turns.length) {
    chat.title = titleOf(text);
    chats.unshift(chat);
  }
  chat.turns.push({ role: "user", content: text });
  await respond();
}

/** Have the model answer the chat as it stands. */
async function respond() {
  const asked = chat;
  const controller = new AbortController();
  writing = controller;
  asked.model = page.model.value;
  asked.changed = Date.now();
  const said = asked.turns
    .filter((turn) => turn.content && turn.state !== "failed")
    .map(({ role, content }) => ({ role, content }));
  const turn = { role: "assistant", content: "", model: asked.model, state: "writing" };
  asked.turns.push(turn);
  follows = true;
  saveChats(chats);
  renderChats();
  render();
  let saved = performance.now();
  try {
    const words = answer(asked.model, said, controller.signal);
    let next = await words.next();
    for (; !next.done; next = await words.next()) {
      turn.content += next.value;
      if (performance.now() - saved > 1000) {
        saveChats(chats);
        saved = performance.now();
      }
      render();
    }
    turn.state = next.value === "length" ? "length" : undefined;
  } catch (error) {
    if (controller.signal.aborted) {
      turn.state = "stopped";
    } else {
      turn.state = "failed";
      turn.error = error instanceof AnswerError ? error.message : "The answer was cut off.";
    }
  }
  if (writing === controller) writing = null;
  saveChats(chats);
  render();
}

const stop = () => writing?.abort();

async function again() {
  if (writing) return;
  chat.turns.pop();
  await respond();
}

async function copy(turn, button) {
  await navigator.clipboard.writeText(turn.content);
  setIcon(button, "done");
  setTimeout(() => setIcon(button, "copy"), 1500);
}

const nameOf = (model) =>
  [...page.model.options].find((option) => option.value === model)?.textContent ?? model;

function open(/** @type {import("./store.js").Chat} */ next) {
  stop();
  chat = next;
  page.model.value = chat.model;
  if (!page.model.value) page.model.selectedIndex = 0; // that model is no longer served
  follows = true;
  toggleMenu(false);
  renderChats();
  render();
  page.message.focus();
}

const startNew = () => open(newChat(page.model.value));

function remove(/** @type {import("./store.js").Chat} */ gone) {
  const index = chats.indexOf(gone);
  chats.splice(index, 1);
  saveChats(chats);
  if (gone === chat) startNew();
  else renderChats();
  toast("Chat deleted.", "Undo", () => {
    chats.splice(index, 0, gone);
    saveChats(chats);
    renderChats();
  });
}

function toast(text, action, act) {
  clearTimeout(toastTimer);
  const button = make("button", "toast-action", action);
  button.type = "button";
  button.addEventListener("click", () => {
    page.toast.hidden = true;
    act();
  });
  page.toast.replaceChildren(make("span", "", text), button);
  page.toast.hidden = false;
  toastTimer = setTimeout(() => (page.toast.hidden = true), 8000);
}

function toggleMenu(/** @type {boolean} */ isOpen) {
  document.body.classList.toggle("menu-open", isOpen);
  page.menu.setAttribute("aria-expanded", String(isOpen));
}

function grow() {
  page.message.style.height = "auto";
  page.message.style.height = `${page.message.scrollHeight}px`;
}

page.composer.addEventListener("submit", (event) => {
  event.preventDefault();
  if (writing) return stop();
  const text = page.message.value.trim();
  if (!text) return;
  page.message.value = "";
  grow();
  send(text);
});

page.message.addEventListener("input", () => {
  grow();
  render();
});

page.message.addEventListener("keydown", (event) => {
  // An input method's Enter chooses a word; Shift+Enter is a new line.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (!writing) page.composer.requestSubmit();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    stop();
    toggleMenu(false);
  } else if (event.ctrlKey && event.shiftKey && event.key.toLowerCase() === "o") {
    event.preventDefault();
    startNew();
  }
});

page.scroll.addEventListener("scroll", () => {
  const { scrollTop, scrollHeight, clientHeight } = page.scroll;
  follows = scrollHeight - scrollTop - clientHeight < 40;
  page.toEnd.hidden = follows;
});

page.toEnd.addEventListener("click", () => {
  follows = true;
  render();
});

at("new-chat").addEventListener("click", startNew);
page.menu.addEventListener("click", () =>
  toggleMenu(!document.body.classList.contains("menu-open")),
);
page.scrim.addEventListener("click", () => toggleMenu(false));
at("theme").addEventListener("click", () => {
  const preferred = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const chosen = document.documentElement.dataset.theme ?? preferred;
  const next = chosen === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("fledge.theme", next);
});

for (const suggestion of document.querySelectorAll(".suggestion")) {
  suggestion.addEventListener("click", () => send(suggestion.textContent.trim()));
}

renderChats();
render();

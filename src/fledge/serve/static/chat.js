// The open chat: shown, reloaded when another tab or a person changed it, followed.

import { call } from "./api.js";
import { rooted } from "./root.js";
import { followRun, hasEnded, isFollowed, unfollow } from "./runs.js";
import { emptyChat, running, state, update } from "./state.js";
import { announce } from "./tabs.js";
import { toast, telling } from "./toast.js";

/** @typedef {import("./tree.js").Message} Message */

const LOST_MILLISECONDS = 3000; // between reloads while an answer cannot be followed
let opened = 0; // counts chats opened or begun

/** Return a function that tells whether the same chat is still open. */
export function staying() {
  const then = opened;
  return () => then === opened;
}

/** Show a chat from the server. */
export function showChat(/** @type {any} */ detail) {
  leave();
  const { messages, current_message_id: leaf, ...chat } = detail;
  state.messages = new Map(messages.map((/** @type {Message} */ message) => [message.id, message]));
  update({ chat, leaf, editing: null, rating: null, follows: true });
  watch();
}

/** Start an empty chat with the same model, or with an assistant. */
export function startChat(/** @type {Partial<import("./state.js").Chat>} */ known = {}) {
  leave();
  state.messages = new Map();
  update({ chat: emptyChat(known), leaf: null, editing: null, rating: null, follows: true });
}

/** Open a saved chat. */
export function openChat(/** @type {string} */ id) {
  return open(`/api/conversations/${id}`, showChat);
}

/** Start an empty chat with one of the assistants. */
export function openAssistant(/** @type {string} */ id) {
  return open(`/api/assistants/${id}`, (assistant) => startChat({ assistant, model: assistant.model }));
}

/** Load a path and show it, unless something else was opened in the meantime. */
async function open(/** @type {string} */ path, /** @type {(found: any) => void} */ show) {
  opened++;
  const stays = staying();
  await telling(async () => {
    try {
      const found = await call("GET", path);
      if (stays()) show(found);
    } catch (error) {
      if (error.status !== 404) throw error;
      if (stays()) chatIsGone();
    }
  });
}

/** Reload the open chat after a change by another tab or person, or a lost connection. */
export async function refreshChat() {
  const { id } = state.chat;
  if (!id) return;
  let detail;
  try {
    detail = await call("GET", `/api/conversations/${id}`);
  } catch (error) {
    if (error.status !== 404) throw error;
    if (state.chat.id === id) chatIsGone();
    return;
  }
  if (state.chat.id !== id) return; // another was opened meanwhile
  const { messages, current_message_id: leaf, ...chat } = detail;
  merge(messages);
  update({ chat, leaf, connected: true });
}

/** Leave a deleted chat. */
export function chatIsGone() {
  startChat();
  history.replaceState(null, "", rooted("/"));
  toast("This chat no longer exists.");
}

function leave() {
  opened++;
  state.connected = true;
  for (const message of state.messages.values()) if (message.run_id) unfollow(message.run_id);
}

/** Merge messages from the server; text streaming here is ahead of the database. */
export function merge(/** @type {Message[]} */ messages) {
  for (const message of messages) {
    const known = state.messages.get(message.id);
    const isBehind = known && message.status === "running" && hasEnded(message.run_id);
    const isStreaming = known?.status === "running" && isFollowed(message.run_id);
    if (isBehind) continue;
    state.messages.set(message.id, isStreaming ? { ...message, content: known.content } : message);
  }
  watch();
}

/** Return the updated message with the reader's rating and open comparison kept. */
export function updated(/** @type {Message} */ message) {
  const known = state.messages.get(message.id);
  return known ? { ...message, rating: known.rating, compare: known.compare && message.compare } : message;
}

function watch() {
  for (const message of running()) {
    if (message.run_id && !isFollowed(message.run_id)) follow(message.id, message.run_id);
  }
}

function follow(/** @type {string} */ id, /** @type {string} */ runId) {
  followRun(runId, {
    text(content, whole) {
      const now = state.messages.get(id);
      if (now) now.content = whole ? content : now.content + content;
      update();
    },
    end(message) {
      if (state.messages.has(id)) state.messages.set(id, updated(message));
      update({ connected: true });
      announce(state.chat.id);
    },
    connection(isThere) {
      if (isThere !== state.connected) update({ connected: isThere });
    },
    lost: () => lookAgain(state.chat.id),
  });
}

/** Reload the chat until the server answers: it may have lost its database. */
function lookAgain(/** @type {string | null} */ id) {
  setTimeout(() => {
    if (state.chat.id === id) refreshChat().catch(() => lookAgain(id));
  }, LOST_MILLISECONDS);
}

/** Save settings of the open chat; a chat without messages keeps them until its first one. */
export async function saveSettings(/** @type {Partial<import("./state.js").Chat>} */ change) {
  Object.assign(state.chat, change);
  update();
  if (state.chat.id) {
    await telling(() => call("PATCH", `/api/conversations/${state.chat.id}`, change));
  }
}

/** Ask for a person in the open chat, or return it to the model. */
export function wantPerson(/** @type {boolean} */ wanted) {
  const { chat } = state;
  return telling(async () => {
    const path = `/api/conversations/${chat.id}/hand-over`;
    chat.hand_over = await call(wanted ? "POST" : "DELETE", path);
    chat.returned = !wanted;
    update();
  });
}

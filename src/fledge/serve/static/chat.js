// The opened chat: shown, read anew where another tab or a person has changed it, followed.

import { call } from "./api.js";
import { followRun, hasEnded, isFollowed, unfollow } from "./runs.js";
import { emptyChat, running, state, update } from "./state.js";
import { announce } from "./tabs.js";
import { toast, telling } from "./toast.js";

/** @typedef {import("./tree.js").Message} Message */

const LOST_MILLISECONDS = 3000; // between looks for an answer that cannot be followed
let opened = 0; // how often another chat was opened, or begun to be

/** Call it later: whether no other chat has been opened since. */
export function staying() {
  const then = opened;
  return () => then === opened;
}

/** Show a chat as the server sent it. */
export function showChat(/** @type {any} */ detail) {
  leave();
  const { messages, current_message_id: leaf, ...chat } = detail;
  state.messages = new Map(messages.map((/** @type {Message} */ message) => [message.id, message]));
  update({ chat, leaf, editing: null, rating: null, follows: true });
  watch();
}

/** An empty chat with the same model, or with an assistant. */
export function startChat(/** @type {Partial<import("./state.js").Chat>} */ known = {}) {
  leave();
  state.messages = new Map();
  update({ chat: emptyChat(known), leaf: null, editing: null, rating: null, follows: true });
}

/** Open a kept chat. */
export function openChat(/** @type {string} */ id) {
  return open(`/api/conversations/${id}`, showChat);
}

/** An empty chat with one of the assistants. */
export function openAssistant(/** @type {string} */ id) {
  return open(`/api/assistants/${id}`, (assistant) => startChat({ assistant, model: assistant.model }));
}

/** Show what is at a path, unless something else was opened before it came. */
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

/** Read the opened chat anew: another tab, a person or a lost connection has changed it. */
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

/** Leave a chat that was deleted. */
export function chatIsGone() {
  startChat();
  history.replaceState(null, "", "/");
  toast("This chat is no longer there.");
}

function leave() {
  opened++;
  state.connected = true;
  for (const message of state.messages.values()) if (message.run_id) unfollow(message.run_id);
}

/** Take in messages of the server; what streams here is ahead of what the database has. */
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

/** The same message as an answer that goes on tells it; what its reader thinks of it stays. */
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

/** The server lets nobody follow, as when its database is away: read the chat until it answers. */
function lookAgain(/** @type {string | null} */ id) {
  setTimeout(() => {
    if (state.chat.id === id) refreshChat().catch(() => lookAgain(id));
  }, LOST_MILLISECONDS);
}

/** Save settings of the opened chat; a chat without messages keeps them until it is sent. */
export async function saveSettings(/** @type {Partial<import("./state.js").Chat>} */ change) {
  Object.assign(state.chat, change);
  update();
  if (state.chat.id) {
    await telling(() => call("PATCH", `/api/conversations/${state.chat.id}`, change));
  }
}

/** Want a person in the opened chat, or let the model answer again. */
export function wantPerson(/** @type {boolean} */ wanted) {
  const { chat } = state;
  return telling(async () => {
    const path = `/api/conversations/${chat.id}/hand-over`;
    chat.hand_over = await call(wanted ? "POST" : "DELETE", path);
    update();
  });
}

// What can be done in the opened chat: ask, stop, answer again, branch, go on, judge.

import { call } from "./api.js";
import { announce } from "./tabs.js";
import { emptyChat, listChat, running, state, update } from "./state.js";
import { followRun, isFollowed, unfollow } from "./runs.js";
import { leafBelow } from "./tree.js";
import { toast, telling } from "./toast.js";
import { at } from "./dom.js";

/** @typedef {import("./tree.js").Message} Message */

/** Show a chat as the server sent it. */
export function showChat(/** @type {any} */ detail) {
  leave();
  const { messages, current_message_id: leaf, ...chat } = detail;
  update({ chat, leaf, editing: null, rating: null, follows: true });
  state.messages = new Map(messages.map((message) => [message.id, message]));
  watch();
}

/** An empty chat with the same model, or with an assistant. */
export function startChat(/** @type {Partial<import("./state.js").Chat>} */ known = {}) {
  leave();
  update({ chat: emptyChat(known), leaf: null, editing: null, rating: null, follows: true });
  state.messages = new Map();
}

/** Open a kept chat. */
export async function openChat(/** @type {string} */ id) {
  await telling(async () => showChat(await call("GET", `/api/conversations/${id}`)));
}

/** Read the opened chat anew, because another tab has changed it. */
export async function refreshChat() {
  if (!state.chat.id) return;
  const detail = await call("GET", `/api/conversations/${state.chat.id}`);
  const { messages, current_message_id: leaf, ...chat } = detail;
  merge(messages);
  update({ chat, leaf });
}

function leave() {
  for (const message of state.messages.values()) if (message.run_id) unfollow(message.run_id);
}

/** Take in messages of the server without losing text that has streamed since. */
function merge(/** @type {Message[]} */ messages) {
  for (const message of messages) {
    const known = state.messages.get(message.id);
    const isBehind = known && message.status === "running" && known.status !== "finished" &&
      known.content.length > message.content.length;
    state.messages.set(message.id, isBehind ? { ...message, content: known.content } : message);
  }
  watch();
}

function watch() {
  for (const message of running()) {
    if (!message.run_id || isFollowed(message.run_id)) continue;
    followRun(message.run_id, {
      text(content, whole) {
        const now = state.messages.get(message.id);
        if (now) now.content = whole ? content : now.content + content;
        update();
      },
      end(ended) {
        if (state.messages.has(ended.id)) state.messages.set(ended.id, ended);
        update();
        announce(state.chat.id, false);
      },
      lost: () => telling(refreshChat),
    });
  }
}

/** Send what a person wrote as a child of `parentId`; a new chat is made with its first message. */
export async function ask(/** @type {string} */ text, parentId = state.leaf) {
  if (state.sending) return false;
  update({ sending: true, follows: true });
  const sent = await telling(async () => {
    if (!state.chat.id) {
      const { title, model, system_prompt, sampling, temporary, assistant } = state.chat;
      const made = await call("POST", "/api/conversations", {
        title, model: model ?? at("model").value, system_prompt, sampling, temporary,
        assistant_id: assistant?.id ?? null,
      });
      parentId = made.current_message_id;
      showChat(made);
      if (!made.temporary) history.pushState(null, "", `/c/${made.id}`);
    }
    const models = state.comparing ? [at("model").value, at("rival").value] : [at("model").value];
    await answerTo("messages", { parent_id: parentId, content: text, models });
  });
  update({ sending: false });
  return sent;
}

/** Have the model answer the question before `message` once more, as its sibling. */
export function again(/** @type {Message} */ message) {
  return telling(() =>
    answerTo("answers", { parent_id: message.parent_id, models: [at("model").value] }));
}

/** Go on where an answer was cut off. */
export function goOn(/** @type {Message} */ message) {
  return telling(() => answerTo("answers", {
    parent_id: message.parent_id, continues: message.id, models: [message.model ?? at("model").value],
  }));
}

/** Send an edited question as a new branch beside the old one. */
export function branch(/** @type {Message} */ message, /** @type {string} */ text) {
  update({ editing: null });
  return ask(text, message.parent_id);
}

async function answerTo(/** @type {string} */ what, /** @type {object} */ body) {
  const reply = await call("POST", `/api/conversations/${state.chat.id}/${what}`, body);
  Object.assign(state.chat, reply.conversation);
  listChat(reply.conversation);
  merge(reply.messages);
  update({ leaf: reply.conversation.current_message_id, follows: true });
  announce(state.chat.id, true);
}

/** End every answer that is being written here; what has come is kept. */
export function stop() {
  for (const message of running()) {
    if (message.run_id) telling(() => call("POST", `/api/runs/${message.run_id}/cancel`));
  }
}

/** Show another branch: the newest leaf below one of its messages. */
export function choose(/** @type {Message} */ message) {
  const leaf = leafBelow(state.messages, message.id);
  update({ leaf, follows: false, editing: null, rating: null });
  telling(() => call("PATCH", `/api/conversations/${state.chat.id}`, { current_message_id: leaf }));
}

/** Keep a person's own wording of an answer: it becomes a sibling, and a demonstration. */
export async function demonstrate(/** @type {Message} */ message, /** @type {string} */ text) {
  await telling(async () => {
    const reply = await call("POST", `/api/messages/${message.id}/demonstration`, { content: text });
    merge([reply.message]);
    update({ editing: null, leaf: reply.message.id });
    toast("Kept as a demonstration.");
  });
}

/**
 * A thumb; the same thumb again takes it back.
 * @param {Message} message
 * @param {{value: number, reasons?: string[], comment?: string}} rating
 */
export async function rate(message, { value, reasons = [], comment = "" }) {
  await telling(async () => {
    const rating = await call("PUT", `/api/messages/${message.id}/rating`, { value, reasons, comment });
    const now = state.messages.get(message.id);
    if (now) state.messages.set(message.id, { ...now, rating: value ? rating : null });
    update();
  });
}

/**
 * Say which of two answers is better; the chat goes on from that one.
 * @param {[Message, Message]} pair
 * @param {"left" | "right" | "tie"} better
 */
export async function prefer(pair, better) {
  const ids = pair.map((message) => message.id);
  const ranking = { left: [[ids[0]], [ids[1]]], right: [[ids[1]], [ids[0]]], tie: [ids] }[better];
  await telling(async () => {
    await call("POST", "/api/preferences", { prompt_id: pair[0].parent_id, ranking });
    for (const message of pair) state.messages.set(message.id, { ...message, compare: null });
    choose(pair[better === "right" ? 1 : 0]);
    toast("Thank you. The next model can learn from it.");
  });
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
  return telling(async () => {
    const path = `/api/conversations/${state.chat.id}/hand-over`;
    state.chat.hand_over = await call(wanted ? "POST" : "DELETE", path);
    update();
  });
}

// Requests of the open chat: a message, another answer, the rest of one, another branch.

import { call } from "./api.js";
import { merge, showChat, staying, updated } from "./chat.js";
import { at } from "./dom.js";
import { loadFolders } from "./folders.js";
import { rooted } from "./root.js";
import { listChat, running, state, update } from "./state.js";
import { announce } from "./tabs.js";
import { telling } from "./toast.js";
import { leafBelow } from "./tree.js";

/** @typedef {import("./tree.js").Message} Message */

/** Send a message as a child of `parentId`; the first message creates the chat. */
export async function ask(/** @type {string} */ text, parentId = state.leaf) {
  if (state.sending) return false;
  update({ sending: true, follows: true });
  const models = state.comparing ? [at("model").value, at("rival").value] : [at("model").value];
  const sent = await telling(async () => {
    const id = state.chat.id ?? (await begin());
    await answerTo(id, "messages", { parent_id: parentId, content: text, models });
  });
  update({ sending: false });
  return sent;
}

/** Create the shown chat, which has no messages yet, and return its id. */
async function begin() {
  const stays = staying();
  const { title, model, system_prompt, sampling, temporary, assistant } = state.chat;
  const made = await call("POST", "/api/conversations", {
    title, model: model ?? at("model").value, system_prompt, sampling, temporary,
    assistant_id: assistant?.id ?? null, folder_id: temporary ? null : state.folder,
  });
  if (made.folder_id) loadFolders(); // counts one more
  if (stays()) {
    showChat(made);
    if (!made.temporary) history.pushState(null, "", rooted(`/c/${made.id}`));
  }
  return made.id;
}

/** Request another answer to the question before `message`, as a sibling of it. */
export function again(/** @type {Message} */ message) {
  const body = { parent_id: message.parent_id, models: [at("model").value] };
  return telling(() => answerTo(state.chat.id, "answers", body));
}

/** Continue an answer that was cut off. */
export function goOn(/** @type {Message} */ message) {
  const models = [message.model ?? at("model").value];
  const body = { parent_id: message.parent_id, continues: message.id, models };
  return telling(() => answerTo(state.chat.id, "answers", body));
}

/** Send an edited question as a new branch beside the old one. */
export function branch(/** @type {Message} */ message, /** @type {string} */ text) {
  update({ editing: null });
  return ask(text, message.parent_id);
}

async function answerTo(/** @type {string | null} */ id, /** @type {string} */ what, /** @type {object} */ body) {
  const reply = await call("POST", `/api/conversations/${id}/${what}`, body);
  listChat(reply.conversation);
  announce(id);
  if (state.chat.id !== id) return; // another chat was opened meanwhile; this one is saved
  Object.assign(state.chat, reply.conversation, { returned: false });
  merge(reply.messages.map(updated));
  update({ leaf: reply.conversation.current_message_id, follows: true });
}

/** Stop every answer being written here; the text so far stays. */
export function stop() {
  for (const message of running()) {
    if (message.run_id) telling(() => call("POST", `/api/runs/${message.run_id}/cancel`));
  }
}

/** Show another branch, down to the newest leaf below `message`. */
export function choose(/** @type {Message} */ message) {
  const leaf = leafBelow(state.messages, message.id);
  update({ leaf, follows: false, editing: null, rating: null });
  telling(() => call("PATCH", `/api/conversations/${state.chat.id}`, { current_message_id: leaf }));
}

// Feedback on answers: thumbs, the better of two, a better answer.

import { choose } from "./asking.js";
import { call } from "./api.js";
import { merge, staying } from "./chat.js";
import { state, update } from "./state.js";
import { toast, telling } from "./toast.js";

/** @typedef {import("./tree.js").Message} Message */

/** Save a person's own version of an answer as a sibling and a demonstration. */
export async function demonstrate(/** @type {Message} */ message, /** @type {string} */ text) {
  const stays = staying();
  await telling(async () => {
    const reply = await call("POST", `/api/messages/${message.id}/demonstration`, { content: text });
    toast("Saved as an example for training.");
    if (!stays()) return;
    merge([reply.message]);
    update({ editing: null, leaf: reply.message.id });
  });
}

/**
 * Rate an answer; 0 removes the rating. Return whether it was saved.
 * @param {Message} message
 * @param {{value: number, reasons?: string[], comment?: string}} rating
 */
export function rate(message, { value, reasons = [], comment = "" }) {
  return telling(async () => {
    const rating = await call("PUT", `/api/messages/${message.id}/rating`, { value, reasons, comment });
    const now = state.messages.get(message.id);
    if (now) state.messages.set(message.id, { ...now, rating: value ? rating : null });
    update();
  });
}

/**
 * Choose the better of two answers; the chat continues from it.
 * @param {[Message, Message]} pair
 * @param {"left" | "right" | "tie"} better
 */
export async function prefer(pair, better) {
  const stays = staying();
  const ids = pair.map((message) => message.id);
  const ranking = { left: [[ids[0]], [ids[1]]], right: [[ids[1]], [ids[0]]], tie: [ids] }[better];
  await telling(async () => {
    await call("POST", "/api/preferences", { prompt_id: pair[0].parent_id, ranking });
    toast("Thanks! The next model can learn from your choice.");
    if (!stays()) return;
    for (const message of pair) state.messages.set(message.id, { ...message, compare: null });
    choose(pair[better === "right" ? 1 : 0]);
  });
}

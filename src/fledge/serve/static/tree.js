// A chat is a tree: edited questions and regenerated answers are siblings.

/**
 * @typedef {{id: string, parent_id: string | null, role: "user" | "assistant" | "system",
 *   content: string, html: string | null, model: string | null, model_name: string | null,
 *   status: "running" | "finished" | "cancelled" | "failed" | "interrupted",
 *   finish_reason: string | null, error: string | null, run_id: string | null,
 *   prompt_tokens: number | null, completion_tokens: number | null, seconds: number | null,
 *   by: string | null, rating: {value: number, reasons: string[], comment: string} | null,
 *   compare: string | null, citations: {number: number, name: string, text: string}[]}} Message
 */

/**
 * Group messages by parent, oldest first; roots have the parent null. One pass over all messages
 * keeps long chats as fast as short ones.
 */
export function familiesOf(/** @type {Map<string, Message>} */ messages) {
  /** @type {Map<string | null, Message[]>} */
  const families = new Map();
  for (const message of messages.values()) {
    const family = families.get(message.parent_id);
    if (family) family.push(message);
    else families.set(message.parent_id, [message]);
  }
  return families;
}

/**
 * Return the messages from the first to `leafId`; empty for null.
 * @returns {Message[]}
 */
export function pathTo(/** @type {Map<string, Message>} */ messages, /** @type {string | null} */ leafId) {
  /** @type {Message[]} */
  const path = [];
  for (let at = leafId; at !== null; ) {
    const message = messages.get(at);
    if (!message) break;
    path.push(message);
    at = message.parent_id;
  }
  return path.reverse();
}

/** Return the newest leaf below a message: the end of a branch that is opened. */
export function leafBelow(/** @type {Map<string, Message>} */ messages, /** @type {string} */ id) {
  const families = familiesOf(messages);
  for (let at = id; ; ) {
    const child = families.get(at)?.at(-1);
    if (!child) return at;
    at = child.id;
  }
}

/**
 * Return the pair that waits for a choice if `message` is in it, else null.
 * @returns {[Message, Message] | null}
 */
export function comparisonOf(/** @type {Message[]} */ siblings, /** @type {Message} */ message) {
  if (!message.compare) return null;
  const pair = siblings.filter((other) => other.compare === message.compare);
  if (pair.length !== 2) return null;
  // The pair's id decides which one is A, so nobody can guess the model and reloads agree.
  return parseInt(message.compare[0], 16) % 2 ? [pair[1], pair[0]] : [pair[0], pair[1]];
}

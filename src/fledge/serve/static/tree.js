// A chat is a tree: an edited question and an answer given again are siblings.

/**
 * @typedef {{id: string, parent_id: string | null, role: "user" | "assistant" | "system",
 *   content: string, html: string | null, model: string | null, model_name: string | null,
 *   status: "running" | "finished" | "cancelled" | "failed" | "interrupted",
 *   finish_reason: string | null, error: string | null, run_id: string | null,
 *   prompt_tokens: number | null, completion_tokens: number | null, seconds: number | null,
 *   by: string | null, rating: {value: number, reasons: string[], comment: string} | null,
 *   compare: string | null, citations: {number: number, name: string, text: string}[]}} Message
 */

/** The messages of a parent, oldest first; the roots have the parent null. */
export function childrenOf(/** @type {Map<string, Message>} */ messages, parentId) {
  return [...messages.values()].filter((message) => message.parent_id === parentId);
}

/** A message and those that share its parent, oldest first. */
export function siblingsOf(/** @type {Map<string, Message>} */ messages, /** @type {Message} */ message) {
  return childrenOf(messages, message.parent_id);
}

/**
 * The messages from the first to `leafId`; empty for null.
 * @returns {Message[]}
 */
export function pathTo(/** @type {Map<string, Message>} */ messages, /** @type {string | null} */ leafId) {
  /** @type {Message[]} */
  const path = [];
  for (let at = leafId; at !== null; ) {
    const message = messages.get(at);
    if (!message) break;
    path.unshift(message);
    at = message.parent_id;
  }
  return path;
}

/** The newest leaf below a message: what is shown when a branch is opened. */
export function leafBelow(/** @type {Map<string, Message>} */ messages, /** @type {string} */ id) {
  for (let at = id; ; ) {
    const children = childrenOf(messages, at);
    if (!children.length) return at;
    at = children[children.length - 1].id;
  }
}

/**
 * The two answers that wait for a choice where `message` is one of them, else null.
 * @returns {[Message, Message] | null}
 */
export function comparisonOf(/** @type {Map<string, Message>} */ messages, /** @type {Message} */ message) {
  if (!message.compare) return null;
  const pair = siblingsOf(messages, message).filter((other) => other.compare === message.compare);
  return pair.length === 2 ? [pair[0], pair[1]] : null;
}

// Follows answers that the server is writing, from wherever the reader joins.

import { rooted } from "./root.js";

/** @typedef {import("./tree.js").Message} Message */

/** @type {Map<string, EventSource>} */
const followed = new Map();
/** @type {Set<string>} */
const ended = new Set();

/**
 * Follow a run until it ends. The browser reconnects by itself and names the last event it saw,
 * so the server sends the missed events, or the whole text again (`snapshot`).
 * @param {string} runId
 * @param {{text: (content: string, whole: boolean) => void, end: (message: Message) => void,
 *   connection: (isThere: boolean) => void, lost: () => void}} on
 */
export function followRun(runId, on) {
  if (followed.has(runId)) return;
  const source = new EventSource(rooted(`/api/runs/${runId}/events`));
  followed.set(runId, source);
  source.addEventListener("open", () => on.connection(true));
  source.addEventListener("snapshot", (event) => on.text(JSON.parse(event.data).text, true));
  source.addEventListener("text", (event) => on.text(JSON.parse(event.data).text, false));
  source.addEventListener("end", (event) => {
    unfollow(runId);
    ended.add(runId);
    on.end(JSON.parse(event.data).message);
  });
  source.addEventListener("gone", () => {
    unfollow(runId);
    on.lost();
  });
  source.addEventListener("error", () => {
    on.connection(false);
    if (source.readyState !== EventSource.CLOSED) return; // the browser reconnects
    unfollow(runId);
    on.lost();
  });
}

/** Stop listening; the server keeps writing. */
export function unfollow(/** @type {string} */ runId) {
  followed.get(runId)?.close();
  followed.delete(runId);
}

/** Return whether a run is being followed. */
export const isFollowed = (/** @type {string | null} */ runId) => followed.has(runId ?? "");

/** Return whether a run was followed to its end; data that says it still runs is stale. */
export const hasEnded = (/** @type {string | null} */ runId) => ended.has(runId ?? "");

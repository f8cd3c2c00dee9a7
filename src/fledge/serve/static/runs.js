// Answers that the server is writing: followed by their events, wherever the reader joins.

/** @typedef {import("./tree.js").Message} Message */

/** @type {Map<string, EventSource>} */
const followed = new Map();
/** @type {Set<string>} */
const ended = new Set();

/**
 * Follow a run until it ends. The browser reconnects by itself and names the last event it saw,
 * so the server sends what was missed, or the whole text anew (`snapshot`).
 * @param {string} runId
 * @param {{text: (content: string, whole: boolean) => void, end: (message: Message) => void,
 *   connection: (isThere: boolean) => void, lost: () => void}} on
 */
export function followRun(runId, on) {
  if (followed.has(runId)) return;
  const source = new EventSource(`/api/runs/${runId}/events`);
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
    if (source.readyState !== EventSource.CLOSED) return; // it tries again
    unfollow(runId);
    on.lost();
  });
}

/** Stop listening; the server writes on. */
export function unfollow(/** @type {string} */ runId) {
  followed.get(runId)?.close();
  followed.delete(runId);
}

/** Whether a run is being followed. */
export const isFollowed = (/** @type {string | null} */ runId) => followed.has(runId ?? "");

/** Whether a run was followed to its end: whoever still tells that it runs is behind. */
export const hasEnded = (/** @type {string | null} */ runId) => ended.has(runId ?? "");

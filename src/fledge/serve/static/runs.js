// Answers that the server is writing: followed by their events, wherever the reader joins.

/** @typedef {import("./tree.js").Message} Message */

/** @type {Map<string, EventSource>} */
const followed = new Map();

/**
 * Follow a run until it ends. The browser reconnects by itself and names the last event it saw,
 * so the server sends what was missed, or the whole text anew (`snapshot`).
 * @param {string} runId
 * @param {{text: (content: string, whole: boolean) => void, end: (message: Message) => void,
 *   lost: () => void}} on
 */
export function followRun(runId, on) {
  if (followed.has(runId)) return;
  const source = new EventSource(`/api/runs/${runId}/events`);
  followed.set(runId, source);
  source.addEventListener("snapshot", (event) => on.text(JSON.parse(event.data).text, true));
  source.addEventListener("text", (event) => on.text(JSON.parse(event.data).text, false));
  source.addEventListener("end", (event) => {
    unfollow(runId);
    on.end(JSON.parse(event.data).message);
  });
  source.addEventListener("error", () => {
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
export const isFollowed = (/** @type {string} */ runId) => followed.has(runId);

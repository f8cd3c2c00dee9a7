// Other tabs of this browser hear of a change, so that a chat opened twice is the same in both.

const channel = new BroadcastChannel("fledge");

/** Tell the other tabs that a chat has changed; `isNew` where an answer has begun. */
export function announce(/** @type {string | null} */ chatId, /** @type {boolean} */ isNew) {
  channel.postMessage({ chatId, isNew });
}

/** Hear of changes made in other tabs. */
export function onAnnounced(/** @type {(chatId: string | null, isNew: boolean) => void} */ hear) {
  channel.addEventListener("message", ({ data }) => hear(data.chatId, data.isNew));
}

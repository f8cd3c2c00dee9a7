// Other tabs of this browser hear of a change, so that a chat opened twice is the same in both.

const channel = new BroadcastChannel("fledge");

/** Tell the other tabs that a chat has changed, or that it is gone. */
export function announce(/** @type {string | null} */ chatId, isGone = false) {
  channel.postMessage({ chatId, isGone });
}

/** Hear of changes made in other tabs. */
export function onAnnounced(/** @type {(chatId: string | null, isGone: boolean) => void} */ hear) {
  channel.addEventListener("message", ({ data }) => hear(data.chatId, data.isGone));
}

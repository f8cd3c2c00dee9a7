// Tells other tabs of this browser about changes, so that a chat open in two tabs stays in sync.

const channel = new BroadcastChannel("fledge");

/** Tell the other tabs that a chat was changed or deleted. */
export function announce(/** @type {string | null} */ chatId, isGone = false) {
  channel.postMessage({ chatId, isGone });
}

/** Listen for changes made in other tabs. */
export function onAnnounced(/** @type {(chatId: string | null, isGone: boolean) => void} */ hear) {
  channel.addEventListener("message", ({ data }) => hear(data.chatId, data.isGone));
}

// Conversations in this browser's localStorage, newest first.

/**
 * @typedef {{role: "user" | "assistant", content: string, model?: string,
 *   state?: "writing" | "stopped" | "length" | "failed", error?: string}} Turn
 * @typedef {{id: string, title: string, model: string, turns: Turn[], changed: number}} Chat
 */

const KEY = "fledge.chats";
const MOST = 100;

/** @returns {Chat[]} */
export function loadChats() {
  try {
    const chats = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    for (const turn of chats.flatMap((chat) => chat.turns)) {
      if (turn.state === "writing") turn.state = "stopped"; // the page was left in mid-answer
    }
    return chats;
  } catch {
    return []; // not ours, or half written: start afresh
  }
}

/** Keeps the newest chats; where the browser's quota is full, fewer of them. */
export function saveChats(/** @type {Chat[]} */ chats) {
  for (let keep = Math.min(chats.length, MOST); keep >= 0; keep = Math.floor(keep / 2)) {
    try {
      localStorage.setItem(KEY, JSON.stringify(chats.slice(0, keep)));
      return;
    } catch (error) {
      if (!(error instanceof DOMException) || keep === 0) throw error;
    }
  }
}

/** @returns {Chat} */
export function newChat(/** @type {string} */ model) {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  const id = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { id, title: "", model, turns: [], changed: Date.now() };
}

/** The first words a person said. */
export function titleOf(/** @type {string} */ text) {
  const line = text.trim().replace(/\s+/g, " ");
  return line.length > 48 ? `${line.slice(0, 47).trimEnd()}…` : line;
}

// State of the chat page, rendered at most once per frame.

import { get, set } from "./storage.js";

/** @typedef {import("./tree.js").Message} Message */
/**
 * @typedef {{id: string, title: string, model: string | null, pinned: boolean, archived: boolean,
 *   folder_id: string | null, updated_at: number, snippet?: string | null,
 *   title_hits?: [number, number][], snippet_hits?: [number, number][]}} ChatSummary
 * @typedef {{id: string, name: string, chats: number}} Folder
 * @typedef {{id: string | null, title: string, model: string | null, system_prompt: string | null,
 *   sampling: Record<string, any>, temporary: boolean, assistant: Assistant | null,
 *   pinned?: boolean, archived?: boolean,
 *   returned?: boolean, hand_over?: {status: "waiting" | "taken", name: string | null} | null}} Chat
 * @typedef {{id: string, name: string, description: string, greeting: string,
 *   suggestions: string[], model: string | null}} Assistant
 * @typedef {{id: string, name: string, context_length: number | null, suggestions: string[],
 *   sampling: Record<string, number | null> | null}} Model
 */

/** Data from the server: models, suggested messages, the open chat. */
export const page = JSON.parse(document.body.dataset.page ?? "{}");

const USUAL = "fledge.settings";

/** Return the prompt and sampling that new chats in this browser start with. */
export const usualSettings = () => JSON.parse(get("localStorage", USUAL) ?? "{}");

/** Save settings that new chats in this browser start with. */
export const keepSettings = (/** @type {Partial<Chat>} */ settings) =>
  set("localStorage", USUAL, JSON.stringify(settings));

/** @returns {Chat} */
export function emptyChat(/** @type {Partial<Chat>} */ known = {}) {
  return {
    id: null, title: "", model: null, system_prompt: null, sampling: {}, temporary: false,
    assistant: null, ...(known.assistant ? {} : usualSettings()), ...known,
  };
}

export const state = {
  /** @type {ChatSummary[]} */ chats: [],
  /** @type {string | null} */ next: null,
  query: "",
  /** @type {Folder[]} */ folders: [],
  /** @type {string | null} */ folder: null,
  archived: false,
  /** @type {string | null} */ renaming: null,
  /** @type {Chat} */ chat: emptyChat(),
  /** @type {Map<string, Message>} */ messages: new Map(),
  /** @type {string | null} */ leaf: null,
  /** @type {string | null} */ editing: null,
  /** @type {string | null} */ rating: null,
  comparing: false,
  sending: false,
  /** True while the connection to the followed answers is up. */
  connected: true,
  /** True while the view stays at the end of the answer. */
  follows: true,
};

/** @type {((state: typeof import("./state.js").state) => void)[]} */
const renderers = [];
let frame = 0;

/** Call `render` with the state after every change. */
export function onRender(/** @type {(now: typeof state) => void} */ render) {
  renderers.push(render);
}

/** Change the state and render it with the next frame, however often this is called. */
export function update(/** @type {Partial<typeof state>} */ change = {}) {
  Object.assign(state, change);
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    for (const render of renderers) render(state);
  });
}

/** Move a chat that just changed below the pinned ones and above the rest. */
export function listChat(/** @type {ChatSummary & {temporary: boolean}} */ chat) {
  if (chat.temporary || state.query.trim() || chat.archived !== state.archived) return;
  if (!chat.archived && (chat.folder_id ?? null) !== state.folder) return;
  const others = state.chats.filter((other) => other.id !== chat.id);
  const pinned = chat.pinned ? [] : others.filter((other) => other.pinned);
  const rest = others.filter((other) => !pinned.includes(other));
  update({ chats: [...pinned, chat, ...rest] });
}

/** Return the messages being written in the open chat. */
export function running() {
  return [...state.messages.values()].filter((message) => message.status === "running");
}

/** Return the display name of a model, or its id if it is no longer served. */
export const nameOf = (/** @type {string | null} */ id) =>
  page.models.find((/** @type {any} */ model) => model.id === id)?.name ?? id ?? "";

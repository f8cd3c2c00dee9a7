// The one state of the chat page, and the one way to have it shown: at most once a frame.

/** @typedef {import("./tree.js").Message} Message */
/**
 * @typedef {{id: string, title: string, model: string | null, pinned: boolean, archived: boolean,
 *   updated_at: number, snippet?: string | null}} ChatSummary
 * @typedef {{id: string | null, title: string, model: string | null, system_prompt: string | null,
 *   sampling: Record<string, any>, temporary: boolean, assistant: Assistant | null,
 *   pinned?: boolean, archived?: boolean,
 *   hand_over?: {status: "waiting" | "taken", name: string | null} | null}} Chat
 * @typedef {{id: string, name: string, description: string, greeting: string,
 *   suggestions: string[], model: string | null}} Assistant
 * @typedef {{id: string, name: string, context_length: number | null}} Model
 */

/** What the server put into the page: models, first messages to try, the opened chat. */
export const page = JSON.parse(document.body.dataset.page ?? "{}");

const USUAL = "fledge.settings";

/** Prompt and sampling with which new chats begin in this browser. */
export const usualSettings = () => JSON.parse(localStorage.getItem(USUAL) ?? "{}");

/** Have new chats of this browser begin with these settings. */
export const keepSettings = (/** @type {Partial<Chat>} */ settings) =>
  localStorage.setItem(USUAL, JSON.stringify(settings));

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
  archived: false,
  /** @type {string | null} */ renaming: null,
  /** @type {Chat} */ chat: emptyChat(),
  /** @type {Map<string, Message>} */ messages: new Map(),
  /** @type {string | null} */ leaf: null,
  /** @type {string | null} */ editing: null,
  /** @type {string | null} */ rating: null,
  comparing: false,
  sending: false,
  /** Whether the answers that are followed can be heard. */
  connected: true,
  /** Whether the view keeps to the end of the answer. */
  follows: true,
};

/** @type {((state: typeof import("./state.js").state) => void)[]} */
const renderers = [];
let frame = 0;

/** Call `render` with the state whenever it has changed. */
export function onRender(/** @type {(now: typeof state) => void} */ render) {
  renderers.push(render);
}

/** Change the state; it is shown with the next frame, however often this is called. */
export function update(/** @type {Partial<typeof state>} */ change = {}) {
  Object.assign(state, change);
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    for (const render of renderers) render(state);
  });
}

/** Put a chat that has just changed where the list has it: below the pinned ones, above the rest. */
export function listChat(/** @type {ChatSummary & {temporary: boolean}} */ chat) {
  if (chat.temporary || state.query.trim() || chat.archived !== state.archived) return;
  const others = state.chats.filter((other) => other.id !== chat.id);
  const pinned = chat.pinned ? [] : others.filter((other) => other.pinned);
  const rest = others.filter((other) => !pinned.includes(other));
  update({ chats: [...pinned, chat, ...rest] });
}

/** The messages that are being written in the opened chat. */
export function running() {
  return [...state.messages.values()].filter((message) => message.status === "running");
}

/** What people call a model; its id where it is no longer served. */
export const nameOf = (/** @type {string | null} */ id) =>
  page.models.find((/** @type {any} */ model) => model.id === id)?.name ?? id ?? "";

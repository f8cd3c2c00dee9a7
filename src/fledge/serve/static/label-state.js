// State of the task page: the task, and what its labeller has answered so far.

import { groupsOf, ranksOf, unplaced } from "./label-ranks.js";

/** @typedef {{role: string, content: string, html?: string}} Turn */
/** @typedef {{letter: string, content: string, html?: string}} Answer */
/**
 * @typedef {{id: string, kind: "demonstrate" | "rate" | "rank" | "compare", layout: "list" | "columns",
 *   guideline_version: number | null, prompt: Turn[], answers: Answer[],
 *   flags: {name: string, label: string}[], draft: any, seconds: number, expires_at: number | null,
 *   state: string}} Task
 */
/**
 * Ranks, ratings and flags by letter, and the turns of a demonstration.
 * @typedef {{ranks: import("./label-ranks.js").Ranks, ratings: Record<string, number>,
 *   flags: Record<string, string[]>, notes: string, messages: Turn[]}} Work
 */

export const state = {
  /** @type {any} */ project: null,
  /** @type {any} */ progress: null,
  /** @type {Task | null} */ task: null,
  /** @type {Work} */ work: empty(),
  layout: "list",
  isPlain: false,
  shown: "", // letter of the answer that is rated
  isBusy: false,
};

/** @type {(() => void)[]} */
const painters = [];
/** @type {(() => void)[]} */
const keepers = [];

/** Call `paint` after every change. */
export const onChange = (/** @type {() => void} */ paint) => painters.push(paint);

/** Call `keep` after every change of the labeller's own work. */
export const onWork = (/** @type {() => void} */ keep) => keepers.push(keep);

/** Change the state and paint it. */
export function update(/** @type {Partial<typeof state>} */ change = {}) {
  Object.assign(state, change);
  for (const paint of painters) paint();
}

/** Change the labeller's work, keep it and paint it. */
export function work(/** @type {Partial<Work>} */ change) {
  if (!state.task || state.isBusy) return;
  state.work = { ...state.work, ...change };
  for (const keep of keepers) keep();
  update();
}

/** @returns {Work} */
function empty() {
  return { ranks: {}, ratings: {}, flags: {}, notes: "", messages: [{ role: "assistant", content: "" }] };
}

/** Return the letters of the task's answers. */
export const letters = () => (state.task?.answers ?? []).map((answer) => answer.letter);

/** Restore work from a draft, or from a judgement that was taken back. @returns {Work} */
export function restored(/** @type {any} */ draft) {
  const found = { ...empty(), ...(draft ?? {}) };
  const { ranks, ratings, flags, notes, messages } = found;
  return {
    ranks: draft?.ranks ?? (draft?.ranking ? ranksOf(draft.ranking) : ranks),
    ratings: ratings ?? {},
    flags: flags ?? {},
    notes: notes ?? "",
    messages: messages?.length ? messages : empty().messages,
  };
}

/** Return the work in the shape that the server takes for the task's kind. */
export function judgement(/** @type {number} */ seconds) {
  const { ranks, ratings, notes, messages } = state.work;
  const flags = Object.fromEntries(Object.entries(state.work.flags).filter(([, names]) => names.length));
  const common = { notes, seconds };
  switch (state.task?.kind) {
    case "demonstrate":
      return { messages: messages.map(({ role, content }) => ({ role, content })), ...common };
    case "rate":
      return { ratings, flags, ...common };
    default:
      return { ranking: groupsOf(ranks, letters()), ratings, flags, ...common };
  }
}

/** Return what is still missing, as a sentence, or "". */
export function missing() {
  const { ranks, ratings, messages } = state.work;
  switch (state.task?.kind) {
    case "demonstrate": {
      const empties = messages.filter((turn) => !turn.content.trim()).length;
      if (!empties) return "";
      return messages.length === 1 ? "Write the answer first." : "Fill in every turn, or remove the last two.";
    }
    case "rate": {
      const left = letters().filter((letter) => !ratings[letter]);
      return left.length ? `Not rated yet: ${left.join(", ")}.` : "";
    }
    case "compare":
      return unplaced(ranks, letters()).length ? "Choose the better answer first." : "";
    default: {
      const left = unplaced(ranks, letters());
      return left.length ? `Not ranked yet: ${left.join(", ")}.` : "";
    }
  }
}

// Autosave: every change is kept in the browser at once, and on the server a moment later. What the
// browser keeps is removed only when the server has it.

import { ApiError, call } from "./api.js";
import { isAtWork, secondsWorked } from "./label-clock.js";
import { onWork, state } from "./label-state.js";
import { get, remove, set } from "./storage.js";
import { rooted } from "./root.js";

const PAUSE = 800; // milliseconds after the last change
const RETRY = 5_000;
const CHECK = 20_000; // between two looks at the lease
const RENEW = 5 * 60; // seconds before the end of a lease

/** @typedef {"" | "saving" | "saved" | "kept" | "refused"} Kept how far the newest change has come */

/** @type {(kept: Kept, error?: ApiError) => void} */
let tell = () => {};
/** @type {(answer: {expires_at: number | null, guideline_version: number | null}) => void} */
let hear = () => {};
let timer = 0;
let changes = 0;
let stored = 0; // the changes that the server has
/** @type {Promise<void> | null} */
let sending = null;

const keyOf = (/** @type {string} */ id) => `fledge.label.${id}`;

/**
 * Say how saving goes, and what the server answers to it.
 * @param {typeof tell} onKept
 * @param {typeof hear} onStored
 */
export function setUpDrafts(onKept, onStored) {
  tell = onKept;
  hear = onStored;
  onWork(touched);
  addEventListener("online", () => retry());
  addEventListener("pagehide", leave);
  setInterval(renew, CHECK);
}

/** Return what the browser kept of a task because the server did not get it, or null. */
export function keptHere(/** @type {string} */ id) {
  try {
    return JSON.parse(get("localStorage", keyOf(id)) ?? "null");
  } catch {
    return null; // not ours
  }
}

/** Forget the changes of the task before: another one begins. */
export function startDraft() {
  clearTimeout(timer);
  changes = stored = 0;
  tell("");
}

/** Forget what the browser kept of a task; the server has its judgement. */
export function forget(/** @type {string} */ id) {
  clearTimeout(timer);
  stored = changes;
  remove("localStorage", keyOf(id));
}

/** Wait until no draft is on its way, and send no more until the next change. */
export async function settle() {
  clearTimeout(timer);
  while (sending) await sending.catch(() => {});
}

function touched() {
  if (!state.task) return;
  changes++;
  set("localStorage", keyOf(state.task.id), JSON.stringify(draft()));
  tell("saving");
  schedule(PAUSE);
}

const draft = () => ({ draft: state.work, seconds: secondsWorked() });

function schedule(/** @type {number} */ milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(() => flush().catch(() => {}), milliseconds);
}

function retry() {
  if (stored < changes) schedule(0);
}

/**
 * Store the draft on the server, unless it has it.
 * @throws {ApiError}
 */
export async function flush(isForced = false) {
  await settle();
  if (!state.task || (stored >= changes && !isForced)) return;
  sending = send(state.task.id, changes);
  try {
    await sending;
  } finally {
    sending = null;
  }
}

async function send(/** @type {string} */ id, /** @type {number} */ number) {
  try {
    const answer = await call("PUT", `/api/label/assignments/${id}/draft`, draft());
    if (state.task?.id !== id) return;
    stored = Math.max(stored, number);
    if (stored === changes) {
      remove("localStorage", keyOf(id));
      tell("saved");
    } else schedule(PAUSE);
    hear(answer);
  } catch (error) {
    if (state.task?.id !== id) return; // another task is open by now
    const refused = error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
    tell(refused ? "refused" : "kept", /** @type {ApiError} */ (error));
    if (!refused) schedule(RETRY);
    throw error;
  }
}

/** Renew the lease of a task that somebody is reading without a change. */
function renew() {
  if (!state.task || state.isBusy || !isAtWork()) return;
  if (state.task.expires_at && state.task.expires_at - Date.now() / 1000 < RENEW) flush(true).catch(() => {});
}

/** Send what is left when the page closes; the browser finishes it in the background. */
function leave() {
  if (!state.task || stored >= changes) return;
  fetch(rooted(`/api/label/assignments/${state.task.id}/draft`), {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(draft()),
    keepalive: true,
  }).catch(() => {});
}

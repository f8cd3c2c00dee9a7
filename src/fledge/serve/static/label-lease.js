// Keeps the task for its labeller after a pause, and tells where others have taken it meanwhile.

import { banner, hide } from "./label-banners.js";
import { state } from "./label-state.js";

const EVERY = 5_000; // milliseconds
let asked = ""; // lease that was asked to go on

/** Ask for a lease that has ended to go on, as soon as somebody looks at the page. */
export function watchLease(/** @type {() => void} */ renew) {
  const look = () => {
    const { task } = state;
    if (document.hidden || !task?.expires_at || task.expires_at > Date.now() / 1000) return;
    const lease = `${task.id} ${task.expires_at}`;
    if (asked === lease) return;
    asked = lease;
    renew();
  };
  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
}

/** Hear until when the task is kept for its labeller; null where others have taken its place. */
export function hearLease(/** @type {number | null} */ expires) {
  if (!state.task) return;
  state.task.expires_at = expires;
  if (expires !== null) hide("lease");
  else banner("lease", "The time for this task ended and others have taken it. What you entered is still here, and you may submit it.", []);
}

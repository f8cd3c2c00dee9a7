// Tells when the time for a task has ended, because somebody else may get it then.

import { banner } from "./label-banners.js";
import { state } from "./label-state.js";

const EVERY = 5_000; // milliseconds
let told = ""; // task and lease that were told of

/**
 * @param {() => void} renew
 * @param {() => void} leave
 */
export function watchLease(renew, leave) {
  setInterval(() => {
    const { task } = state;
    if (!task || task.expires_at > Date.now() / 1000) return;
    const lease = `${task.id} ${task.expires_at}`;
    if (told === lease) return;
    told = lease;
    banner(
      "lease",
      "The time for this task has ended, so somebody else may get it. What you entered is still here.",
      [["Go on with it", renew], ["Next task", leave]],
    );
  }, EVERY);
}

// Badge of the queue for the staff: how many chats wait for a person, in its tab and in the title.

import { call } from "./api.js";
import { make } from "./dom.js";

const EVERY = 10_000; // milliseconds; also in the background, where the title is all one sees
let waiting = 0;

/** Show a number of waiting chats; none shows nothing. */
export function showWaiting(/** @type {number} */ count) {
  waiting = count;
  for (const link of document.querySelectorAll("[data-tab=queue]")) {
    link.querySelector(".count")?.remove();
    if (count) link.append(make("span", "count", String(count), make("span", "visually-hidden", " waiting")));
  }
  titled();
}

function titled() {
  const plain = document.title.replace(/^\(\d+\) /, "");
  const wanted = waiting ? `(${waiting}) ${plain}` : plain;
  if (document.title !== wanted) document.title = wanted;
}

/** Ask for the number; a failure waits for the next time. */
async function look() {
  try {
    showWaiting((await call("GET", "/api/queue/count")).waiting);
  } catch {
    // The page itself tells of a server that is away.
  }
}

/** Watch the queue on a page whose bar links to it. */
export function watchQueue() {
  if (!document.querySelector("[data-tab=queue]")) return;
  new MutationObserver(titled).observe(/** @type {Node} */ (document.querySelector("title")), { childList: true });
  look();
  setInterval(look, EVERY);
}

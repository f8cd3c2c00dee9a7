// Seconds that a labeller works on a task: while the page is in view and something was done lately.

const PAUSE = 60_000; // milliseconds without a move that count as a pause
let before = 0; // seconds of the task until the page was opened
let worked = 0; // milliseconds since
let last = 0; // time of the last sign of work

/** Start the clock of a task that has taken so many seconds already. */
export function startClock(/** @type {number} */ seconds) {
  before = seconds;
  worked = 0;
  last = Date.now();
}

/** Return the seconds of the task, to a tenth. */
export function secondsWorked() {
  count();
  return Math.round((before + worked / 1000) * 10) / 10;
}

/** Return whether somebody has worked on this page within the last minutes. */
export const isAtWork = (minutes = 5) => !document.hidden && Date.now() - last < minutes * PAUSE;

function count() {
  const now = Date.now();
  worked += Math.min(now - last, PAUSE);
  last = now;
}

for (const sign of ["keydown", "pointerdown", "pointermove", "scroll", "wheel"]) {
  document.addEventListener(sign, () => {
    if (!document.hidden) count();
  }, { passive: true, capture: true });
}
document.addEventListener("visibilitychange", () => {
  if (document.hidden) count();
  else last = Date.now(); // what passed out of view is no work
});

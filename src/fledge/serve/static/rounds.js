// Pages of rounds: asks before a step that changes the chat, takes files, follows the present round.

import { call, messageOf } from "./api.js";
import { at } from "./dom.js";
import { rooted } from "./root.js";
import { toast } from "./toast.js";

const EVERY = 2000; // milliseconds
const MINUTE = 60_000;

for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(/** @type {HTMLElement} */ (form).dataset.confirm)) event.preventDefault();
  });
}

/** Return the time since a moment, as `3 min`. */
function since(/** @type {string} */ moment) {
  const passed = Math.max(0, Date.now() - Date.parse(moment));
  return passed < MINUTE ? `${Math.floor(passed / 1000)} s` : `${Math.floor(passed / MINUTE)} min`;
}

function show(/** @type {any} */ now) {
  for (const item of document.querySelectorAll("[data-phase]")) {
    if (/** @type {HTMLElement} */ (item).dataset.phase === now.phase) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  }
  const parts = [];
  if (now.since) parts.push(`${now.phase} for ${since(now.since)}`, `running for ${since(now.began)}`);
  if (now.step !== null) parts.splice(1, 0, `step ${now.step}${now.steps === null ? "" : ` of ${now.steps}`}`);
  at("now-text").textContent = now.message || parts.join(" · ");
}

/** Show the present round; load the page again where another state has other buttons. */
async function follow() {
  if (document.hidden) return;
  const now = await call("GET", "/api/rounds/now").catch(() => undefined);
  if (now === undefined) return;
  if ((now?.state ?? "") !== document.body.dataset.round) location.assign(rooted("/rounds"));
  else if (now) show(now);
}

if (document.body.dataset.round) {
  setInterval(follow, EVERY);
  follow();
}

const box = at("records-file");
if (box) {
  box.disabled = false; // a file chosen before this script is here would be lost
  box.addEventListener("change", async () => {
    const [file] = box.files;
    if (!file) return;
    box.value = ""; // the same file can be chosen again
    const path = `/api/rounds/files/${encodeURIComponent(file.name)}`;
    const reply = await fetch(rooted(path), { method: "PUT", body: file }).catch(() => null);
    if (reply?.ok) location.assign(rooted("/rounds?done=added#next"));
    else toast(reply ? await messageOf(reply) : "Can't reach the server. Try again.");
  });
}

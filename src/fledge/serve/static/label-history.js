// Sheet with what the labeller has done in this project, the newest first.

import { call } from "./api.js";
import { at, make } from "./dom.js";
import { minutes } from "./label-words.js";
import { telling } from "./toast.js";

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
/** @type {Record<string, string>} */
const STATES = { open: "open", done: "done", skipped: "skipped", unclear: "unclear prompt", personal_data: "personal data" };
/** @type {string | null} */
let next = null;

/** Wire up the sheet, once. */
export function setUpHistory(/** @type {string} */ project) {
  const read = async (/** @type {string | null} */ before) => {
    const from = before ? `?before=${encodeURIComponent(before)}` : "";
    const found = await call("GET", `/api/label/projects/${project}/history${from}`);
    if (!before) at("history").replaceChildren();
    at("history").append(...found.assignments.map(line));
    if (!at("history").children.length) at("history").append(make("li", "list-row", "Nothing yet."));
    next = found.next;
    at("more-history").hidden = next === null;
  };
  at("show-history").addEventListener("click", () => telling(async () => {
    await read(null);
    at("history-dialog").showModal();
  }));
  at("more-history").addEventListener("click", () => telling(() => read(next)));
}

function line(/** @type {any} */ each) {
  const when = each.finished_at === null ? "draft" : MOMENT.format(new Date(each.finished_at * 1000));
  const reason = each.reason ? ` · ${each.reason}` : "";
  return make(
    "li", "list-row",
    make("span", "grow", each.first_line, make("span", "hint", `${when} · ${minutes(each.seconds)}${reason}`)),
    make("span", "badge", STATES[each.state] ?? each.state),
  );
}

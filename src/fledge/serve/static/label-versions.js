// Guidelines of a project: write a new version, read the old ones, delete what nobody used.

import { call } from "./api.js";
import { at, make, textButton } from "./dom.js";
import { showText } from "./label-text.js";
import { count } from "./label-words.js";
import { telling, toast } from "./toast.js";

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Wire up the form, once. */
export function setUpVersions(/** @type {string} */ path) {
  at("guideline-form").addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    telling(async () => {
      const made = await call("POST", `${path}/guidelines`, { text: at("guideline-form").elements.text.value });
      await showVersions(path);
      toast(`Version ${made.version} is published.`);
    });
  });
}

/** Show the newest version in the form, and all of them below it. */
export async function showVersions(/** @type {string} */ path) {
  const { guidelines } = await call("GET", `${path}/guidelines`);
  const current = guidelines.find((/** @type {any} */ each) => each.is_current);
  at("guideline-form").elements.text.value = current?.text ?? "";
  at("guideline-label").textContent = current ? `Guidelines (Markdown), version ${current.version}` : "Guidelines (Markdown)";
  at("versions").hidden = !guidelines.length;
  at("versions").replaceChildren(...guidelines.map((/** @type {any} */ each) => line(path, each)));
}

function line(/** @type {string} */ path, /** @type {any} */ guideline) {
  const name = `Version ${guideline.version}`;
  const text = make("div", "answer");
  const summary = make("summary", "", `${name}${guideline.is_current ? " (current)" : ""}`, make("span", "hint",
    `${MOMENT.format(new Date(guideline.created_at * 1000))} · ${count(guideline.num_judgements, "judgement")}`));
  const details = /** @type {HTMLDetailsElement} */ (make("details", "grow version", summary, text));
  details.addEventListener("toggle", () => {
    if (!text.firstChild) showText(text, { content: guideline.text, html: guideline.html });
  });
  const remove = textButton("Delete", () => telling(async () => {
    await call("DELETE", `${path}/guidelines/${guideline.version}`);
    await showVersions(path);
  }), "button small");
  remove.setAttribute("aria-label", `Delete version ${guideline.version}`);
  const isFree = !guideline.is_current && !guideline.num_judgements;
  return make("li", "list-row", details, ...(isFree ? [remove] : []));
}

// The page of prompts: a dialog creates, changes and deletes one's own.

import { call } from "./api.js";
import { at, wireClosing } from "./dom.js";
import { telling } from "./toast.js";

const dialog = at("prompt-dialog");
const form = dialog.querySelector("form");
let id = ""; // of the prompt that is edited; empty for a new one

function ask(prompt = { id: "", title: "", content: "", shared: false }) {
  id = prompt.id;
  at("prompt-title").textContent = id ? "Edit prompt" : "New prompt";
  form.elements.title.value = prompt.title;
  form.elements.content.value = prompt.content;
  if (form.elements.shared) form.elements.shared.checked = prompt.shared;
  at("prompt-delete").hidden = !id;
  dialog.showModal();
}

/** Show the page anew if a request succeeded; a refused form stays open. */
async function done(/** @type {() => Promise<unknown>} */ work) {
  if (await telling(work)) location.reload();
}

function save(/** @type {Event} */ event) {
  if (/** @type {SubmitEvent} */ (event).submitter?.getAttribute("value") !== "save") return;
  event.preventDefault();
  const { title, content, shared } = form.elements;
  const body = { title: title.value, content: content.value, ...(shared ? { shared: shared.checked } : {}) };
  done(() => (id ? call("PATCH", `/api/prompts/${id}`, body) : call("POST", "/api/prompts", body)));
}

wireClosing(dialog);
form.addEventListener("submit", save);
at("new-prompt").addEventListener("click", () => ask());
at("prompt-delete").addEventListener("click", () => done(() => call("DELETE", `/api/prompts/${id}`)));
at("new-prompt").disabled = false; // before this script is here a click does nothing
for (const row of document.querySelectorAll("[data-prompt]")) {
  const { prompt } = /** @type {HTMLElement} */ (row).dataset;
  const edit = /** @type {HTMLButtonElement | null} */ (row.querySelector("[data-edit]"));
  if (!edit) continue; // another person's
  edit.disabled = false;
  edit.addEventListener("click", () => ask(JSON.parse(prompt ?? "")));
}

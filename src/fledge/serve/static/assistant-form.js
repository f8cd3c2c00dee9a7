// The form of one assistant, and the files that it knows.

import { call } from "./api.js";
import { at } from "./dom.js";
import { textOf } from "./texts.js";
import { telling, toast } from "./toast.js";

const form = at("assistant");
const id = form.dataset.id;
const path = `/api/assistants/${id}`;

const lines = (/** @type {string} */ text) =>
  text.split("\n").map((line) => line.trim()).filter((line) => line !== "");

function read() {
  /** @type {Record<string, any>} */
  const sampling = {};
  for (const name of ["temperature", "top_p", "max_tokens"]) {
    if (form[name].value !== "") sampling[name] = Number(form[name].value);
  }
  /** @type {Record<string, any>} */
  const fields = {
    name: form.elements.namedItem("name").value.trim(),
    description: form.description.value.trim(),
    system_prompt: form.system_prompt.value.trim(),
    greeting: form.greeting.value.trim(),
    suggestions: lines(form.suggestions.value),
    model: form.model.value || null,
    sampling,
  };
  if (form.shared) {
    fields.shared = form.shared.checked;
    fields.allowed_origins = lines(form.allowed_origins.value);
  }
  return fields;
}

form.querySelector("[type=submit]").disabled = false; // until now it would have lost everything
form.addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  telling(async () => {
    const saved = id ? await call("PATCH", path, read()) : await call("POST", "/api/assistants", read());
    if (!id || at("documents")) location.assign(`/assistants/${saved.id}`);
  });
});

at("delete")?.addEventListener("click", () => telling(async () => {
  if (!confirm("Delete this assistant and what it knows? Its chats stay.")) return;
  await call("DELETE", path);
  location.assign("/assistants");
}));

/** Teach what was chosen; what was taken stays, whatever becomes of the rest. */
async function teach() {
  const files = [...at("files").files];
  at("files").value = ""; // else the same file could not be chosen again
  for (const file of files) {
    toast(`Reading ${file.name} …`);
    await call("POST", `${path}/documents`, { name: file.name, text: await textOf(file) });
  }
  location.reload();
}

at("files")?.addEventListener("change", () => telling(teach));
if (at("files")?.files.length) telling(teach); // chosen before this script was there

for (const row of document.querySelectorAll(".document")) {
  row.querySelector("button")?.addEventListener("click", () => telling(async () => {
    await call("DELETE", `${path}/documents/${row.dataset.id}`);
    row.remove();
  }));
}

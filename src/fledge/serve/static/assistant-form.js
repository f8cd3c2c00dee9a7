// Form of one assistant, and its knowledge files.

import { call } from "./api.js";
import { at } from "./dom.js";
import { showDefaults } from "./number-boxes.js";
import { rooted } from "./root.js";
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

/** Show what empty number boxes stand for with the chosen model; "" is the default one. */
function showModel() {
  const defaults = JSON.parse(form.dataset.defaults);
  showDefaults(form, defaults[form.model.value]);
}

form.model.addEventListener("change", showModel);
showModel();

form.querySelector("[type=submit]").disabled = false; // before this script is here a submit would lose everything
form.addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  telling(async () => {
    const saved = id ? await call("PATCH", path, read()) : await call("POST", "/api/assistants", read());
    if (!id || at("documents")) location.assign(rooted(`/assistants/${saved.id}`));
  });
});

at("delete")?.addEventListener("click", () => telling(async () => {
  if (!confirm("Delete this assistant and its files? Its chats are kept.")) return;
  await call("DELETE", path);
  location.assign(rooted("/assistants"));
}));

/** Upload the chosen files one by one; a failure keeps those already uploaded. */
async function teach() {
  const files = [...at("files").files];
  at("files").value = ""; // so that the same file can be chosen again
  for (const file of files) {
    toast(`Adding ${file.name}…`);
    await call("POST", `${path}/documents`, { name: file.name, text: await textOf(file) });
  }
  location.reload();
}

at("files")?.addEventListener("change", () => telling(teach));
if (at("files")?.files.length) telling(teach); // chosen before this script was here

for (const row of document.querySelectorAll(".document")) {
  row.querySelector("button")?.addEventListener("click", () => telling(async () => {
    await call("DELETE", `${path}/documents/${row.dataset.id}`);
    row.remove();
  }));
}

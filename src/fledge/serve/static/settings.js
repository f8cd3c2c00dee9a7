// Chat settings: system prompt and sampling. Empty fields show the server's defaults.

import { saveSettings } from "./chat.js";
import { at, wireClosing } from "./dom.js";
import { showDefaults } from "./number-boxes.js";
import { keepSettings, page, state } from "./state.js";

const NUMBERS = ["temperature", "top_p", "top_k", "min_p", "max_tokens", "seed"];

/** Open the dialog with the chat's settings. */
export function openSettings() {
  const form = at("settings-form");
  form.system_prompt.closest("label").hidden = state.chat.assistant !== null;
  form.system_prompt.value = state.chat.system_prompt ?? "";
  for (const name of NUMBERS) form[name].value = state.chat.sampling[name] ?? "";
  showDefaults(form, page.models.find((/** @type {any} */ each) => each.id === at("model").value));
  form.stop_repetition.checked = state.chat.sampling.stop_repetition !== false;
  form.stop.value = (state.chat.sampling.stop ?? []).join("\n");
  form.usual.checked = false;
  form.usual.closest("label").hidden = state.chat.assistant !== null;
  at("settings-dialog").showModal();
}

function read() {
  const form = at("settings-form");
  /** @type {Record<string, any>} */
  const sampling = {};
  for (const name of NUMBERS) {
    if (form[name].value !== "") sampling[name] = Number(form[name].value);
  }
  const stop = form.stop.value.split("\n").filter((/** @type {string} */ line) => line !== "");
  if (stop.length) sampling.stop = stop;
  if (!form.stop_repetition.checked) sampling.stop_repetition = false;
  if (state.chat.assistant) return { sampling }; // an assistant has its own prompt
  return { system_prompt: form.system_prompt.value.trim() || null, sampling };
}

/** Wire up the dialog, once. */
export function setUpSettings() {
  const dialog = at("settings-dialog");
  wireClosing(dialog);
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "save") {
      saveSettings(read());
      if (at("settings-form").usual.checked) keepSettings(read());
    }
    dialog.returnValue = "";
  });
  at("settings-reset").addEventListener("click", () => {
    const form = at("settings-form");
    for (const field of form.elements) if (field.name && field.type !== "checkbox") field.value = "";
    form.stop_repetition.checked = true;
  });
  at("settings").addEventListener("click", openSettings);
}

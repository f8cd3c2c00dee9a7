// Chat settings: system prompt and sampling. Empty fields show the server's defaults.

import { saveSettings } from "./chat.js";
import { at, wireClosing } from "./dom.js";
import { keepSettings, page, state } from "./state.js";

const NUMBERS = ["temperature", "top_p", "top_k", "min_p", "max_tokens", "seed"];

/** Open the dialog with the chat's settings. */
export function openSettings() {
  const form = at("settings-form");
  form.system_prompt.closest("label").hidden = state.chat.assistant !== null;
  form.system_prompt.value = state.chat.system_prompt ?? "";
  for (const name of NUMBERS) form[name].value = state.chat.sampling[name] ?? "";
  showDefaults(form);
  form.stop.value = (state.chat.sampling.stop ?? []).join("\n");
  form.usual.checked = false;
  form.usual.closest("label").hidden = state.chat.assistant !== null;
  at("settings-dialog").showModal();
}

/** Show the values in effect for the chosen model in empty boxes, and its limit. */
function showDefaults(/** @type {any} */ form) {
  const model = page.models.find((/** @type {any} */ each) => each.id === at("model").value);
  const values = model?.sampling;
  const length = model?.context_length;
  /** @type {Record<string, string>} */
  const shown = {
    temperature: String(values?.temperature), top_p: String(values?.top_p),
    top_k: String(values?.top_k ?? "all"), min_p: String(values?.min_p),
    seed: String(values?.seed ?? "random"),
    max_tokens: length ? `up to ${length.toLocaleString()}` : "no limit",
  };
  for (const name of NUMBERS) {
    form[name].placeholder = values || name === "max_tokens" ? shown[name] : "its server's";
  }
  if (length) form.max_tokens.max = length;
  else form.max_tokens.removeAttribute("max");
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
    for (const field of at("settings-form").elements) if (field.name) field.value = "";
  });
  at("settings").addEventListener("click", openSettings);
}

// The box in which a message is written, with the model, the comparison and the token meter.

import { ask, stop } from "./asking.js";
import { saveSettings } from "./chat.js";
import { at, setIcon, setLabel } from "./dom.js";
import { sendOnEnter } from "./enter.js";
import { page, running, state, update } from "./state.js";
import { textOf } from "./texts.js";
import { telling } from "./toast.js";
import { pathTo } from "./tree.js";

const CHARACTERS_A_TOKEN = 4; // a guess, only for what is not sent yet
const DRAFT = "fledge.draft";

/** Bring the composer up to date. */
export function showComposer(/** @type {typeof state} */ now) {
  const writing = running().length > 0;
  const send = at("send");
  send.disabled = !writing && (now.sending || !at("message").value.trim());
  setIcon(send, writing ? "stop" : "send");
  setLabel(send, writing ? "Stop" : "Send");
  at("compare").setAttribute("aria-pressed", String(now.comparing));
  at("versus").hidden = !now.comparing;
  showMeter(now);
}

/** How full the model's context is, in tokens. */
function showMeter(/** @type {typeof state} */ now) {
  const meter = at("meter");
  const model = page.models.find((/** @type {any} */ each) => each.id === at("model").value);
  const counted = pathTo(now.messages, now.leaf).findLast((message) => message.prompt_tokens);
  const said = counted ? (counted.prompt_tokens ?? 0) + (counted.completion_tokens ?? 0) : 0;
  const draft = Math.ceil(at("message").value.length / CHARACTERS_A_TOKEN);
  const total = said + draft;
  meter.hidden = !model?.context_length || total === 0;
  if (meter.hidden) return;
  const share = Math.min(1, total / model.context_length);
  meter.textContent = `${draft ? "~" : ""}${total.toLocaleString()} / ${model.context_length.toLocaleString()} tokens`;
  meter.title = "Tokens of this chat, of those that the model can hold. Older turns are left out where it is full.";
  meter.classList.toggle("full", share > 0.9);
}

function grow() {
  const box = at("message");
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
}

/** Put a text into the box. */
export function setDraft(/** @type {string} */ text) {
  at("message").value = text;
  sessionStorage.setItem(DRAFT, text);
  grow();
  update();
}

async function submit(/** @type {Event} */ event) {
  event.preventDefault();
  if (running().length) {
    stop();
    if (matchMedia("(hover: hover)").matches) at("message").focus(); // no keyboard over a phone
    return;
  }
  const text = at("message").value.trim();
  if (!text || state.sending) return;
  setDraft("");
  // What was typed is never lost, nor what was typed since.
  if (!(await ask(text))) setDraft([text, at("message").value].filter(Boolean).join("\n\n"));
}

/** Put text files under what is written already, each with its name. */
function attach(/** @type {FileList | undefined} */ files) {
  return telling(async () => {
    for (const file of files ?? []) {
      const text = (await textOf(file)).trimEnd();
      const fence = "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
      const block = `${file.name}:\n${fence}\n${text}\n${fence}`;
      setDraft([at("message").value.trimEnd(), block].filter(Boolean).join("\n\n"));
    }
  });
}

/** Wire the composer up, once. */
export function setUpComposer() {
  const box = at("message");
  at("composer").addEventListener("submit", submit);
  box.addEventListener("input", () => {
    sessionStorage.setItem(DRAFT, box.value);
    grow();
    update();
  });
  at("attach").addEventListener("click", () => at("attached").click());
  at("attached").addEventListener("change", async () => {
    await attach(at("attached").files);
    at("attached").value = "";
    box.focus();
  });
  box.addEventListener("dragover", (/** @type {DragEvent} */ event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); // so that it may be dropped
  });
  box.addEventListener("drop", (/** @type {DragEvent} */ event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    attach(event.dataTransfer.files);
  });
  at("model").addEventListener("change", () => saveSettings({ model: at("model").value }));
  at("compare").addEventListener("click", () => {
    const rival = at("rival");
    if (!state.comparing && rival.options.length > 1 && rival.value === at("model").value) {
      rival.selectedIndex = (rival.selectedIndex + 1) % rival.options.length;
    }
    update({ comparing: !state.comparing });
  });
  box.value ||= sessionStorage.getItem(DRAFT) ?? "";
  grow();
}

/** Take Enter, also one that was pressed before this script was there; the chat must be shown. */
export function takeEnter() {
  sendOnEnter(at("message"), () => {
    if (!running().length) at("composer").requestSubmit();
  });
}

/** Pick the model of the opened chat; the first where it is no longer served. */
export function pickModel(/** @type {string | null} */ model) {
  const picker = at("model");
  if (model) picker.value = model;
  if (!picker.value) picker.selectedIndex = 0;
}

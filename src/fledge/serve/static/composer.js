// The message box with the model picker, the comparison and the token meter.

import { ask, stop } from "./asking.js";
import {
  attach, attachAgain, attachedLength, hasAttached, showAttached, takeAttached, withFiles,
} from "./attachments.js";
import { saveSettings } from "./chat.js";
import { at, setIcon, setLabel } from "./dom.js";
import { sendOnEnter } from "./enter.js";
import { page, running, state, update } from "./state.js";
import { get, set } from "./storage.js";
import { pathTo } from "./tree.js";

const CHARACTERS_A_TOKEN = 4; // an estimate for text not sent yet
const DRAFT = "fledge.draft";

/** Update the composer. */
export function showComposer(/** @type {typeof state} */ now) {
  const writing = running().length > 0;
  const send = at("send");
  send.disabled = !writing && (now.sending || !(at("message").value.trim() || hasAttached()));
  setIcon(send, writing ? "stop" : "send");
  setLabel(send, writing ? "Stop" : "Send");
  at("compare").setAttribute("aria-pressed", String(now.comparing));
  at("versus").hidden = !now.comparing;
  showAttached();
  showMeter(now);
}

/** Show how full the model's context is, in tokens. */
function showMeter(/** @type {typeof state} */ now) {
  const meter = at("meter");
  const model = page.models.find((/** @type {any} */ each) => each.id === at("model").value);
  const counted = pathTo(now.messages, now.leaf).findLast((message) => message.prompt_tokens);
  const said = counted ? (counted.prompt_tokens ?? 0) + (counted.completion_tokens ?? 0) : 0;
  const draft = Math.ceil((at("message").value.length + attachedLength()) / CHARACTERS_A_TOKEN);
  const total = said + draft;
  meter.hidden = !model?.context_length || total === 0;
  if (meter.hidden) return;
  const share = Math.min(1, total / model.context_length);
  meter.textContent = `${draft ? "~" : ""}${total.toLocaleString()} / ${model.context_length.toLocaleString()} tokens`;
  meter.title = "Tokens in this chat, out of the most this model can read. When it is full, the oldest messages are left out.";
  meter.classList.toggle("full", share > 0.9);
}

function grow() {
  const box = at("message");
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
}

/** Put text into the box. */
export function setDraft(/** @type {string} */ text) {
  at("message").value = text;
  set("sessionStorage", DRAFT, text);
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
  if (!(text || hasAttached()) || state.sending) return;
  const files = takeAttached();
  setDraft("");
  if (await ask(withFiles(text, files))) return;
  // Nothing typed is lost, neither the failed message nor text typed since.
  setDraft([text, at("message").value].filter(Boolean).join("\n\n"));
  attachAgain(files);
}

/** Wire up the composer, once. */
export function setUpComposer() {
  const box = at("message");
  at("composer").addEventListener("submit", submit);
  box.addEventListener("input", () => {
    set("sessionStorage", DRAFT, box.value);
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
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); // allows the drop
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
  box.value ||= get("sessionStorage", DRAFT) ?? "";
  grow();
}

/** Handle Enter, even if pressed before this script was here; the chat must be shown first. */
export function takeEnter() {
  sendOnEnter(at("message"), () => {
    if (!running().length) at("composer").requestSubmit();
  });
}

/** Select the model of the open chat, or the first one if it is no longer served. */
export function pickModel(/** @type {string | null} */ model) {
  const picker = at("model");
  if (model) picker.value = model;
  if (!picker.value) picker.selectedIndex = 0;
}

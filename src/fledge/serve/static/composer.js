// The box in which a message is written, with the model, the comparison and the token meter.

import { ask, saveSettings, stop } from "./chat.js";
import { at, setIcon, setLabel } from "./dom.js";
import { page, running, state, update } from "./state.js";
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
  if (running().length) return stop();
  const text = at("message").value.trim();
  if (!text || state.sending) return;
  setDraft("");
  if (!(await ask(text))) setDraft(text); // what was typed is never lost
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
  box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    // An input method's Enter chooses a word; Shift+Enter is a new line.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!running().length) at("composer").requestSubmit();
  });
  at("model").addEventListener("change", () => saveSettings({ model: at("model").value }));
  at("compare").addEventListener("click", () => {
    const rival = at("rival");
    if (!state.comparing && rival.options.length > 1 && rival.value === at("model").value) {
      rival.selectedIndex = (rival.selectedIndex + 1) % rival.options.length;
    }
    update({ comparing: !state.comparing });
  });
  box.value = sessionStorage.getItem(DRAFT) ?? "";
  grow();
}

/** Pick the model of the opened chat; the first where it is no longer served. */
export function pickModel(/** @type {string | null} */ model) {
  const picker = at("model");
  if (model) picker.value = model;
  if (!picker.value) picker.selectedIndex = 0;
}

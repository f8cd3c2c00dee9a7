// Inserts prompts into the message box: a list opens by a button or by typing "/", and a dialog asks
// for the words that go into the gaps.

import { call } from "./api.js";
import { setDraft } from "./composer.js";
import { at, make, wireClosing } from "./dom.js";
import { rooted } from "./root.js";
import { telling } from "./toast.js";

/** @typedef {{id: string, title: string, content: string, shared: boolean, is_own: boolean}} Prompt */

const GAP = /\{\{\s*([^{}\n]{1,60}?)\s*\}\}/g;
const MANAGE = "manage";
/** @type {Prompt[]} */
let known = [];
let typed = false; // the list was opened by typing "/", so the box holds the search
let chosen = 0;
let caret = [0, 0]; // selection when the list was opened: a dialog takes it away
/** @type {string} */
let waiting = ""; // text whose gaps are being filled in

/** Return the names of the gaps in a text, each once. */
export const gapsOf = (/** @type {string} */ text) => [...new Set([...text.matchAll(GAP)].map(([, name]) => name))];

/** Return the text with its gaps filled in. */
export const filledIn = (/** @type {string} */ text, /** @type {Map<string, string>} */ words) =>
  text.replace(GAP, (gap, name) => words.get(name) ?? gap);

const isOpen = () => !at("prompt-list").hidden;

function open(/** @type {boolean} */ byTyping) {
  typed = byTyping;
  caret = [at("message").selectionStart, at("message").selectionEnd];
  return telling(async () => {
    known = (await call("GET", "/api/prompts")).prompts;
    chosen = 0;
    show();
  });
}

function close() {
  at("prompt-list").hidden = true;
  at("message").removeAttribute("aria-activedescendant");
  at("message").removeAttribute("aria-controls");
  at("prompts").setAttribute("aria-expanded", "false");
}

/** Return the prompts whose title fits what is typed: its beginning, then its middle. */
function fitting() {
  const words = typed ? at("message").value.slice(1).trim().toLowerCase() : "";
  const starts = known.filter(({ title }) => title.toLowerCase().startsWith(words));
  const holds = known.filter((each) => !starts.includes(each) && each.title.toLowerCase().includes(words));
  return [...starts, ...holds];
}

function show() {
  const box = at("message");
  const list = at("prompt-list");
  const prompts = fitting();
  if (typed && (!box.value.startsWith("/") || !prompts.length)) return close();
  const options = prompts.map((prompt) => option(prompt.id, prompt.title, prompt.content, () => take(prompt)));
  const manage = () => location.assign(rooted("/prompts"));
  if (!typed) options.push(option(MANAGE, "Manage prompts…", "", manage));
  chosen = Math.min(chosen, options.length - 1);
  options.forEach((each, index) => each.setAttribute("aria-selected", String(index === chosen)));
  list.replaceChildren(...options);
  list.hidden = false;
  options[chosen].scrollIntoView({ block: "nearest" });
  box.setAttribute("aria-activedescendant", options[chosen].id);
  box.setAttribute("aria-controls", list.id);
  at("prompts").setAttribute("aria-expanded", "true");
}

function option(/** @type {string} */ id, /** @type {string} */ title, /** @type {string} */ text, /** @type {() => void} */ act) {
  const row = make("div", "prompt-option", make("strong", "", title), make("span", "", text.slice(0, 120)));
  row.id = `prompt-${id}`;
  row.setAttribute("role", "option");
  row.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
  row.addEventListener("click", act);
  return row;
}

function take(/** @type {Prompt} */ prompt) {
  close();
  const names = gapsOf(prompt.content);
  if (!names.length) return insert(prompt.content);
  waiting = prompt.content;
  at("gaps").replaceChildren(...names.map((name) => {
    const area = /** @type {HTMLTextAreaElement} */ (make("textarea"));
    area.name = name;
    area.required = true;
    area.rows = 1;
    area.dir = "auto";
    return make("label", "field", name, area);
  }));
  at("gaps-dialog").showModal();
  at("gaps").querySelector("textarea").focus();
}

/** Put a text in place of the search, or at the caret. */
function insert(/** @type {string} */ text) {
  const box = at("message");
  const [start, end] = typed ? [0, box.value.length] : caret;
  setDraft(box.value.slice(0, start) + text + box.value.slice(end));
  box.focus();
  box.setSelectionRange(start + text.length, start + text.length);
}

/** Handle the keys of the open list before the box and the page do. */
function press(/** @type {KeyboardEvent} */ event) {
  if (!isOpen() || event.isComposing) return;
  const rows = at("prompt-list").children;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    chosen = (chosen + step + rows.length) % rows.length;
    show();
  } else if (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) rows[chosen].click();
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** Wire up the button, the box and the dialog, once. */
export function setUpPrompts() {
  const box = at("message");
  const dialog = at("gaps-dialog");
  at("prompts").addEventListener("mousedown", (/** @type {Event} */ event) => event.preventDefault());
  at("prompts").addEventListener("click", () => {
    if (isOpen()) return close();
    box.focus();
    return open(false);
  });
  at("composer").addEventListener("keydown", press, true);
  box.addEventListener("blur", close);
  box.addEventListener("input", () => {
    if (isOpen()) typed ? show() : close();
    else if (box.value === "/") open(true);
  });
  wireClosing(dialog);
  dialog.addEventListener("close", () => {
    const areas = [...at("gaps").querySelectorAll("textarea")];
    if (dialog.returnValue === "save") insert(filledIn(waiting, new Map(areas.map(({ name, value }) => [name, value]))));
    dialog.returnValue = "";
  });
}

// Text files of the message being written: chips above the box, sent with the message.

import { at, icon, iconButton, make } from "./dom.js";
import { sizeOf } from "./sent-files.js";
import { page, state, update } from "./state.js";
import { get, set } from "./storage.js";
import { textOf } from "./texts.js";
import { telling } from "./toast.js";

/** @typedef {{name: string, text: string, whole: number}} Attachment `whole` counts the characters before a cut */

const KEPT = "fledge.attachments";
const CHARACTERS_A_TOKEN = 2; // a cautious guess: some texts take that many tokens
/** @type {Attachment[]} */
let attached = restored();

/** @returns {Attachment[]} */
function restored() {
  try {
    return JSON.parse(get("sessionStorage", KEPT) ?? "[]");
  } catch {
    return [];
  }
}

function change(/** @type {Attachment[]} */ files) {
  attached = files;
  set("sessionStorage", KEPT, JSON.stringify(files));
  update();
}

/** Return the characters of all attached files. */
export const attachedLength = () => attached.reduce((sum, file) => sum + file.text.length, 0);

/** Return the attached files and detach them. */
export function takeAttached() {
  const files = attached;
  change([]);
  return files;
}

/** Attach files again, as after a failed request. */
export const attachAgain = (/** @type {Attachment[]} */ files) => change([...files, ...attached]);

/** Attach text files; what the model cannot read of them is cut off, and the chip says so. */
export function attach(/** @type {FileList | undefined} */ files) {
  return telling(async () => {
    for (const file of files ?? []) {
      const text = (await textOf(file)).trimEnd();
      const room = Math.max(0, mostCharacters() - attachedLength() - at("message").value.length);
      if (!room) throw new Error(`${file.name} does not fit: the message is full.`);
      change([...attached, { name: file.name, text: cut(text, room), whole: text.length }]);
    }
  });
}

/** Return the most characters of a message: those of the server, and about those of the model. */
function mostCharacters() {
  const model = page.models.find((/** @type {any} */ each) => each.id === at("model").value);
  const read = model?.context_length ? model.context_length * CHARACTERS_A_TOKEN : Infinity;
  return Math.min(page.longest_text - 1000, read); // a thousand for names and fences
}

/** Cut a text, but not between the halves of a character. */
function cut(/** @type {string} */ text, /** @type {number} */ length) {
  if (text.length <= length) return text;
  const half = /[\ud800-\udbff]/.test(text[length - 1]);
  return text.slice(0, half ? length - 1 : length);
}

const share = (/** @type {Attachment} */ file) => file.text.length < file.whole
  ? `first ${file.text.length.toLocaleString("en")} of ${file.whole.toLocaleString("en")} characters` : "";

/** Return a message with its files below it, each under its name. */
export function withFiles(/** @type {string} */ text, /** @type {Attachment[]} */ files) {
  const blocks = files.map((file) => {
    const runs = [...file.text.matchAll(/`+/g)].map(([run]) => run.length + 1);
    const fence = "`".repeat(Math.max(3, ...runs));
    const name = share(file) ? `${file.name} (${share(file)})` : file.name;
    return `${name}:\n${fence}\n${file.text}\n${fence}`;
  });
  return [text, ...blocks].filter(Boolean).join("\n\n");
}

/** Show a chip for each attached file. */
export function showAttached() {
  const box = at("files");
  box.hidden = attached.length === 0;
  const look = JSON.stringify(attached.map((file) => [file.name, file.text.length, file.whole]));
  if (box.dataset.look === look) return;
  box.dataset.look = look;
  box.replaceChildren(...attached.map((file) => {
    const remove = iconButton("close", `Remove ${file.name}`, () => {
      change(attached.filter((other) => other !== file));
      at("message").focus();
    });
    const size = make("span", "file-size", share(file) || sizeOf(file.text));
    return make("li", "file", icon("file"), make("span", "file-name", file.name), size, remove);
  }));
}

/** Return whether the message being written has a file. */
export const hasAttached = () => attached.length > 0 && !state.sending;

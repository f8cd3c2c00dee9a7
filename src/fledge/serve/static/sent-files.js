// Files in a sent message, folded up under their names.

import { icon, make } from "./dom.js";

/** Beginning of a file in a message: a name with an ending, what was cut, and a fence. */
const HEADER = /(?:^|\n\n)([^\n]{0,200}\.\w{1,10})(?: \((first [\d,]+ of [\d,]+ characters)\))?:\n(`{3,})\n/g;
const MOST_UNCLOSED = 20; // more are no files of ours, and looking for their ends takes time

/** Return the parts of a sent message: its text, and an element for each file. */
export function partsOf(/** @type {string} */ content) {
  /** @type {(Node | string)[]} */
  const parts = [];
  let from = 0;
  let unclosed = 0;
  for (const header of content.matchAll(HEADER)) {
    if (header.index < from) continue; // inside of the file before
    const [whole, name, kept, fence] = header;
    const start = header.index + whole.length;
    const end = endOf(content, fence, start);
    if (end < 0 && ++unclosed > MOST_UNCLOSED) break;
    if (end < 0) continue;
    parts.push(content.slice(from, header.index), folded(name, kept, content.slice(start, end)));
    from = end + 1 + fence.length;
  }
  return [...parts, content.slice(from).trimEnd()].filter((part) => part !== "");
}

/** Return where the line break before the closing fence is, or -1. */
function endOf(/** @type {string} */ content, /** @type {string} */ fence, /** @type {number} */ start) {
  for (let at = content.indexOf(`\n${fence}`, start); at >= 0; at = content.indexOf(`\n${fence}`, at + 1)) {
    const after = content.slice(at + 1 + fence.length, at + 3 + fence.length);
    if (after === "" || after === "\n\n") return at;
  }
  return -1;
}

function folded(/** @type {string} */ name, /** @type {string | undefined} */ kept, /** @type {string} */ text) {
  const details = make("details", "source sent-file");
  const summary = make("summary", "", icon("file"), make("span", "file-name", name),
    make("span", "file-size", kept ?? sizeOf(text)));
  details.append(summary, make("pre", "", text));
  return details;
}

/** Return the size of a text in UTF-8, for people. */
export function sizeOf(/** @type {string} */ text) {
  const bytes = new Blob([text]).size;
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 999_500 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

// Renders the model's Markdown as DOM while it streams. Text only ever becomes a text node, so
// nothing in it can run. The server's rendering replaces this one once the answer has ended.
// Linear on every line, however hostile: no pattern has two repeats that can share a run of blanks,
// and spans in a line have a greatest length.
const FENCE = /^(`{3,}|~{3,})\s*([\w+#.-]*)$/; // of a trimmed line
const HEADING = /^(#{1,6})\s+/;
const ITEM = /^\s*(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/s;
const QUOTE = /^\s*>\s?(.*)$/s;
const RULE_CELL = /^:?-+:?$/;
const FORMULA = String.raw`\\\(.{1,2000}?\\\)|\\\[.{1,2000}?\\\]|\$\$.{1,2000}?\$\$|(?<![\w$])\$(?![\s$])[^$]{1,500}(?<!\s)\$(?!\w)`;
const CODE = "(?<!`)(`{1,20})(?!`)(.{1,2000}?)(?<!`)\\2(?!`)";
const BOLD = String.raw`\*\*(?=\S)(.{1,2000}?)\*\*`;
const ITALIC = String.raw`(?<![\w*])[*_](?=[^\s*_])(.{1,2000}?)[*_](?![\w*_])`;
const INLINE = new RegExp(`(${FORMULA})|${CODE}|${BOLD}|${ITALIC}`, "s");
const CLOSING = { "\\[": "\\]", $$: "$$" };

const SMALL = 4_000; // characters that are painted anew at every piece
const GROWTH = 0.02; // share by which more must grow first, or a long list would take quadratic time

/** @typedef {{kind: string, lines: string[], start: number, info?: string, mark?: string}} Block */

/**
 * Render `text` into `container`. If it has only grown, all but its last two blocks are neither
 * parsed nor painted again; two, because half a table row still looks like a paragraph.
 * @param {HTMLElement & {streamed?: {text: string, blocks: Block[]}}} container
 * @param {string} text
 */
export function showMarkdown(container, text) {
  const before = container.streamed;
  const grown = before && text.startsWith(before.text) ? before.blocks.slice(0, -2) : [];
  const start = before && grown.length ? before.blocks[grown.length].start : 0;
  const live = text.length - start;
  const isGrown = before && text.startsWith(before.text);
  if (isGrown && live > SMALL && text.length - before.text.length < live * GROWTH) return;
  const fresh = parseBlocks(text.slice(start), start);
  let same = 0; // unchanged blocks keep their elements and any selection in them
  while (same < fresh.length && isSame(fresh[same], before?.blocks[grown.length + same])) same++;
  while (container.children.length > grown.length + same) container.lastElementChild?.remove();
  container.append(...fresh.slice(same).map(build));
  container.streamed = { text, blocks: [...grown, ...fresh] };
}

function isSame(/** @type {Block} */ block, /** @type {Block | undefined} */ before) {
  return JSON.stringify(block) === JSON.stringify(before);
}

/**
 * @param {string} text
 * @param {number} offset of the text in the answer
 * @returns {Block[]}
 */
export function parseBlocks(text, offset = 0) {
  /** @type {Block[]} */
  const blocks = [];
  /** @type {Block | null} */
  let open = null;
  let position = offset;
  const put = (kind, lines, more = {}) => {
    open = { kind, lines, start: position, ...more };
    blocks.push(open);
  };
  for (const line of text.split("\n")) {
    const fence = FENCE.exec(line.trim());
    const closing = CLOSING[line.trim().slice(0, 2)];
    if (open?.kind === "formula") {
      open.lines.push(line);
      if (line.includes(open.mark ?? "")) open = null;
    } else if (open?.kind === "code") {
      if (fence && fence[1].startsWith(open.mark ?? "") && !fence[2]) open = null;
      else open.lines.push(line);
    } else if (fence) {
      put("code", [], { info: fence[2], mark: fence[1] });
    } else if (closing && !line.trim().slice(2).includes(closing)) {
      put("formula", [line], { mark: closing });
    } else if (!line.trim()) {
      open = null;
    } else if (HEADING.test(line)) {
      put("heading", [line]);
      open = null;
    } else {
      const kind = kindOf(line, open);
      const content = kind === "quote" ? QUOTE.exec(line)?.[1] ?? "" : line;
      if (open?.kind === kind) open.lines.push(content);
      else put(kind, [content]);
    }
    position += line.length + 1;
  }
  return blocks;
}

function kindOf(/** @type {string} */ line, /** @type {Block | null} */ open) {
  const item = ITEM.exec(line);
  if (item) return item[1] ? "ordered" : "bullets";
  if (QUOTE.test(line)) return "quote";
  if (isRow(line.trim())) return "table";
  const isList = open?.kind === "ordered" || open?.kind === "bullets";
  return open && isList ? open.kind : "paragraph";
}

function isRow(/** @type {string} */ line) {
  return line.length > 1 && line.startsWith("|") && line.endsWith("|");
}

function isRule(/** @type {string} */ line) {
  return line.trim().slice(1, -1).split("|").every((cell) => RULE_CELL.test(cell.trim()));
}

/** Return a heading's text without the marks that may close it. */
function bare(/** @type {string} */ heading) {
  let end = heading.trimEnd().length;
  while (heading[end - 1] === "#") end--;
  return heading.slice(0, end).trimEnd();
}

function build(/** @type {Block} */ block) {
  switch (block.kind) {
    case "formula":
      return element("p", lines(block.lines.join("\n")));
    case "code":
      return buildCode(block);
    case "heading": {
      const [start, marks] = HEADING.exec(block.lines[0]) ?? ["", "#"];
      return element(`h${Math.min(marks.length + 2, 6)}`, inline(bare(block.lines[0].slice(start.length))));
    }
    case "ordered":
    case "bullets":
      return buildList(block);
    case "table":
      return buildTable(block);
    case "quote":
      return element("blockquote", [element("p", inline(block.lines.join("\n")))]);
    default:
      return element("p", inline(block.lines.join("\n")));
  }
}

function buildCode(/** @type {Block} */ block) {
  const code = element("code", [block.lines.join("\n")]);
  if (block.info) code.dataset.language = block.info;
  const pre = element("pre", [code]);
  pre.tabIndex = 0; // lets the keyboard scroll long lines
  return pre;
}

function buildList(/** @type {Block} */ block) {
  /** @type {string[]} */
  const items = [];
  for (const line of block.lines) {
    const item = ITEM.exec(line);
    if (item) items.push(item[2]);
    else items[items.length - 1] += `\n${line.trim()}`;
  }
  const list = element(block.kind === "ordered" ? "ol" : "ul", []);
  const first = ITEM.exec(block.lines[0])?.[1];
  if (first && first !== "1") list.setAttribute("start", String(Number(first)));
  list.append(...items.map((text) => element("li", inline(text))));
  return list;
}

function buildTable(/** @type {Block} */ block) {
  const rows = block.lines.filter((line) => !isRule(line));
  const hasHead = block.lines.length > 1 && isRule(block.lines[1]);
  const built = rows.map((row, index) => {
    const cells = row.trim().slice(1, -1).split("|");
    const name = hasHead && index === 0 ? "th" : "td";
    return element("tr", cells.map((cell) => element(name, inline(cell.trim()))));
  });
  const head = hasHead ? [element("thead", [built[0]])] : [];
  const table = element("table", [...head, element("tbody", built.slice(head.length))]);
  const box = element("div", [table]);
  box.className = "table";
  return box;
}

/** Parse code, bold, italic and line breaks. @returns {(Node | string)[]} */
function inline(/** @type {string} */ text) {
  const nodes = [];
  let rest = text;
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    const [all, formula, , code, bold, italic] = found;
    nodes.push(...lines(rest.slice(0, found.index)));
    if (formula) nodes.push(...lines(formula));
    else if (code) nodes.push(element("code", [code.trim() || code]));
    else nodes.push(element(bold ? "strong" : "em", inline(bold ?? italic)));
    rest = rest.slice(found.index + all.length);
  }
  nodes.push(...lines(rest));
  return nodes;
}

function lines(/** @type {string} */ text) {
  return text.split("\n").flatMap((line, index) => (index ? [element("br", []), line] : [line]));
}

function element(/** @type {string} */ name, /** @type {(Node | string)[]} */ children) {
  const node = document.createElement(name);
  node.append(...children);
  return node;
}

// Renders the model's Markdown as DOM while it streams. Text only ever becomes a text node, so
// nothing in it can run. The server's rendering replaces this one once the answer has ended.

const FENCE = /^\s*(`{3,}|~{3,})\s*([\w+#.-]*)\s*$/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const ITEM = /^\s*(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;
const QUOTE = /^\s*>\s?(.*)$/;
const ROW = /^\s*\|.*\|\s*$/;
const RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const INLINE = /(`+)(.+?)\1|\*\*(?=\S)(.+?)\*\*|(?<![\w*])[*_](?=[^\s*_])(.+?)[*_](?![\w*_])/s;

/** @typedef {{kind: string, lines: string[], start: number, info?: string, mark?: string}} Block */

/**
 * Render `text` into `container`. If the text has only grown, all but its last two blocks are
 * neither parsed nor painted again, so a long answer streams as lightly as a short one. Two, because
 * half a table row still looks like a paragraph.
 * @param {HTMLElement & {streamed?: {text: string, blocks: Block[]}}} container
 * @param {string} text
 */
export function showMarkdown(container, text) {
  const before = container.streamed;
  const grown = before && text.startsWith(before.text) ? before.blocks.slice(0, -2) : [];
  const start = before && grown.length ? before.blocks[grown.length].start : 0;
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
    const fence = FENCE.exec(line);
    if (open?.kind === "code") {
      if (fence && fence[1].startsWith(open.mark ?? "") && !fence[2]) open = null;
      else open.lines.push(line);
    } else if (fence) {
      put("code", [], { info: fence[2], mark: fence[1] });
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
  if (ROW.test(line)) return "table";
  const isList = open?.kind === "ordered" || open?.kind === "bullets";
  return open && isList ? open.kind : "paragraph";
}

function build(/** @type {Block} */ block) {
  switch (block.kind) {
    case "code":
      return buildCode(block);
    case "heading": {
      const [, marks, words] = HEADING.exec(block.lines[0]) ?? ["", "#", block.lines[0]];
      return element(`h${Math.min(marks.length + 2, 6)}`, inline(words));
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
  const rows = block.lines.filter((line) => !RULE.test(line));
  const hasHead = block.lines.length > 1 && RULE.test(block.lines[1]);
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
    const [all, , code, bold, italic] = found;
    nodes.push(...lines(rest.slice(0, found.index)));
    if (code) nodes.push(element("code", [code.trim() || code]));
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

// The model's Markdown as DOM. Text only ever becomes a text node, so nothing in it can run.

const FENCE = /^\s*```\s*([\w+#.-]*)\s*$/;
const HEADING = /^(#{1,4})\s+(.*)$/;
const ITEM = /^\s*(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;
const QUOTE = /^\s*>\s?(.*)$/;
const INLINE = /(`+)(.+?)\1|\*\*(?=\S)(.+?)\*\*|(?<![\w*])[*_](?=[^\s*_])(.+?)[*_](?![\w*])/s;

/** @typedef {{kind: string, lines: string[], info?: string, closed?: boolean}} Block */

/**
 * Bring `container` up to date with `text`, touching only the blocks that changed:
 * a long answer streams without repainting what is done.
 */
export function showMarkdown(/** @type {HTMLElement} */ container, /** @type {string} */ text) {
  const blocks = parseBlocks(text);
  blocks.forEach((block, index) => {
    const source = JSON.stringify(block);
    const shown = container.children[index];
    if (shown?.markdownSource === source) return;
    const node = build(block);
    node.markdownSource = source;
    if (shown) shown.replaceWith(node);
    else container.append(node);
  });
  while (container.children.length > blocks.length) container.lastElementChild.remove();
}

/** @returns {Block[]} */
export function parseBlocks(/** @type {string} */ text) {
  /** @type {Block[]} */
  const blocks = [];
  /** @type {Block | null} */
  let open = null;
  const put = (kind, line, more = {}) => {
    if (open?.kind === kind && !more.alone) {
      open.lines.push(line);
    } else {
      open = { kind, lines: [line], ...more };
      blocks.push(open);
    }
  };
  for (const line of text.split("\n")) {
    const fence = FENCE.exec(line);
    if (open?.kind === "code") {
      if (fence && !fence[1]) open = null;
      else open.lines.push(line);
    } else if (fence) {
      open = { kind: "code", lines: [], info: fence[1] };
      blocks.push(open);
    } else if (!line.trim()) {
      open = null;
    } else if (HEADING.test(line)) {
      put("heading", line, { alone: true });
      open = null;
    } else if (ITEM.test(line)) {
      put(ITEM.exec(line)[1] ? "ordered" : "bullets", line);
    } else if (QUOTE.test(line)) {
      put("quote", QUOTE.exec(line)[1]);
    } else if (open?.kind === "ordered" || open?.kind === "bullets") {
      open.lines.push(line);
    } else {
      put("paragraph", line);
    }
  }
  return blocks;
}

function build(/** @type {Block} */ block) {
  switch (block.kind) {
    case "code":
      return buildCode(block);
    case "heading": {
      const [, marks, words] = HEADING.exec(block.lines[0]);
      return element(`h${Math.min(marks.length + 1, 5)}`, inline(words));
    }
    case "ordered":
    case "bullets":
      return buildList(block);
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
  pre.tabIndex = 0; // so that a long line can be scrolled from the keyboard
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
  const first = ITEM.exec(block.lines[0])[1];
  if (first && first !== "1") list.start = Number(first);
  list.append(...items.map((text) => element("li", inline(text))));
  return list;
}

/** Code, bold and italic; a line break is a line break. @returns {(Node | string)[]} */
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

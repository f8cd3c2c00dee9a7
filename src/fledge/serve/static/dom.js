// Small helpers to build elements. Text only ever becomes a text node.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Create an element with a class and children; a string becomes text.
 * @param {string} name
 * @param {string} [className]
 * @param {...(Node | string)} children
 */
export function make(name, className = "", ...children) {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/**
 * Return a text with its hits marked.
 * @param {string} text
 * @param {[number, number][]} [hits] start and end of each, in code points
 * @returns {(Node | string)[]}
 */
export function marked(text, hits = []) {
  const points = [...text];
  /** @type {(Node | string)[]} */
  const parts = [];
  let at = 0;
  for (const [start, end] of hits) {
    parts.push(points.slice(at, start).join(""), make("mark", "", points.slice(start, end).join("")));
    at = end;
  }
  return [...parts, points.slice(at).join("")];
}

/** Create an icon from the page's sprite. */
export function icon(/** @type {string} */ name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** Replace the icon of a button that holds nothing else. */
export function setIcon(/** @type {HTMLElement} */ button, /** @type {string} */ name) {
  if (button.dataset.icon === name) return;
  button.dataset.icon = name;
  button.replaceChildren(icon(name));
}

/** Label a button for people who see it and people who hear it. */
export function setLabel(/** @type {HTMLElement} */ button, /** @type {string} */ label) {
  button.setAttribute("aria-label", label);
  button.title = label;
}

/**
 * @param {string} name of the icon
 * @param {string} label
 * @param {(button: HTMLButtonElement) => void} act
 */
export function iconButton(name, label, act) {
  const button = /** @type {HTMLButtonElement} */ (make("button", "icon-button"));
  button.type = "button";
  setLabel(button, label);
  setIcon(button, name);
  button.addEventListener("click", () => act(button));
  return button;
}

/**
 * @param {string} label
 * @param {() => void} act
 */
export function textButton(label, act, className = "button") {
  const button = /** @type {HTMLButtonElement} */ (make("button", className, label));
  button.type = "button";
  button.addEventListener("click", act);
  return button;
}

/**
 * Wire up the buttons that close a dialog without saving. They are no submit buttons: Enter in a
 * field presses the first of those.
 */
export function wireClosing(/** @type {HTMLDialogElement} */ dialog) {
  for (const button of dialog.querySelectorAll("[data-closes]")) {
    button.addEventListener("click", () => dialog.close());
  }
}

/** Return the element with this id; the caller knows that the page has it. */
export const at = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));

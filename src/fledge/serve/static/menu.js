// Menu of actions that opens beside its button; arrows, Home, End and Escape work.

import { icon, make } from "./dom.js";
import { update } from "./state.js";

/** @typedef {{label: string, icon: string, act: () => void, danger?: boolean}} Item */

/** Open a menu of `items` at `anchor`; it removes itself when it closes. */
export function openMenu(/** @type {HTMLElement} */ anchor, /** @type {Item[]} */ items) {
  const menu = make("div", "menu");
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", anchor.getAttribute("aria-label") ?? "Actions");
  menu.popover = "auto";
  menu.append(...items.map((item) => menuItem(item, menu)));
  menu.addEventListener("keydown", (event) => move(event, menu));
  menu.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "open") return;
    anchor.removeAttribute("aria-expanded");
    const hadFocus = menu.contains(document.activeElement) || document.activeElement === document.body;
    menu.remove();
    if (hadFocus && anchor.isConnected) anchor.focus();
    update(); // render changes held back while the menu was open
  });
  anchor.after(menu); // same landmark in the DOM, on top of everything on screen
  anchor.setAttribute("aria-expanded", "true");
  menu.showPopover();
  place(menu, anchor);
  /** @type {HTMLElement} */ (menu.firstElementChild).focus();
}

function menuItem(/** @type {Item} */ item, /** @type {HTMLElement} */ menu) {
  const button = make("button", item.danger ? "menu-item danger" : "menu-item", icon(item.icon), item.label);
  button.setAttribute("role", "menuitem");
  button.addEventListener("click", () => {
    menu.hidePopover();
    item.act();
  });
  return button;
}

/** Place a box below its anchor and inside the window, or above it if there is no room. */
export function place(/** @type {HTMLElement} */ box, /** @type {HTMLElement} */ anchor) {
  const from = anchor.getBoundingClientRect();
  const size = box.getBoundingClientRect();
  const left = Math.min(from.left, innerWidth - size.width - 8);
  const below = from.bottom + 4;
  const top = below + size.height > innerHeight - 8 ? from.top - size.height - 4 : below;
  box.style.left = `${Math.max(8, left)}px`;
  box.style.top = `${Math.max(8, top)}px`;
}

function move(/** @type {KeyboardEvent} */ event, /** @type {HTMLElement} */ menu) {
  const items = /** @type {HTMLElement[]} */ ([...menu.children]);
  const now = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const next = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Tab") menu.hidePopover();
  if (next === undefined) return;
  event.preventDefault();
  items[(next + items.length) % items.length].focus();
}

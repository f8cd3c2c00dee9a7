// Dragging answers by mouse or finger: between two ranks, onto one for a tie, or back out of the order.

import { make } from "./dom.js";

const START = 5; // pixels that a pointer moves before it drags
const EDGE = 60; // pixels at a group's ends that mean "before" and "after" it
const SCROLL = 70; // pixels from the window's ends within which it scrolls

/**
 * @typedef {{index: number, isTie: boolean, group: HTMLElement | null} | "out" | null} Place where
 *   a drop would put the answer: into or before a group of the others, out of the order, or nowhere
 * @typedef {{isSideways: () => boolean, drop: (letter: string, index: number, isTie: boolean) => void,
 *   remove: (letter: string) => void, bottom: () => number}} Drops
 */

/** Let the cards in `box` be dragged by their grips, and by their heads with a mouse. */
export function setUpDrag(/** @type {HTMLElement} */ box, /** @type {Drops} */ drops) {
  box.addEventListener("pointerdown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const isGrip = target.closest(".grip");
    const isHead = event.pointerType === "mouse" && target.closest(".label-answer-head") && !target.closest("button, select");
    if (event.button || !(isGrip || isHead)) return;
    const card = /** @type {HTMLElement} */ (target.closest("[data-letter]"));
    event.preventDefault(); // no text is selected
    new Drag(box, card, event, drops).start();
  });
  // Keep a finger's drag from becoming a swipe, whose fling would swallow the next tap.
  box.addEventListener("touchstart", (event) => {
    if (/** @type {HTMLElement} */ (event.target).closest(".grip")) event.preventDefault();
  }, { passive: false });
}

class Drag {
  constructor(/** @type {HTMLElement} */ box, /** @type {HTMLElement} */ card, /** @type {PointerEvent} */ from, /** @type {Drops} */ drops) {
    this.box = box;
    this.card = card;
    this.from = from;
    this.drops = drops;
    this.last = from;
    /** @type {Place} */
    this.place = null;
    this.ghost = make("div", "drag-ghost", card.querySelector("h3")?.textContent ?? "");
    this.line = make("div", "drop-line");
    this.end = new AbortController();
    this.timer = 0;
  }

  start() {
    const { signal } = this.end;
    addEventListener("pointermove", (event) => this.move(event), { signal });
    addEventListener("pointerup", (event) => this.stop(event.pointerId === this.from.pointerId), { signal });
    addEventListener("pointercancel", () => this.stop(false), { signal });
    addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.stop(false);
    }, { signal, capture: true });
  }

  move(/** @type {PointerEvent} */ event) {
    if (event.pointerId !== this.from.pointerId) return;
    this.last = event;
    const isFar = Math.hypot(event.clientX - this.from.clientX, event.clientY - this.from.clientY) > START;
    if (!this.ghost.isConnected && !isFar) return;
    if (!this.ghost.isConnected) {
      document.body.append(this.ghost);
      document.documentElement.classList.add("dragging");
      this.card.classList.add("dragged");
      this.timer = setInterval(() => this.scroll(), 40);
    }
    this.show();
  }

  /** Show where a drop would put the answer. */
  show() {
    const { clientX: x, clientY: y } = this.last;
    this.ghost.style.left = `${Math.min(x + 12, innerWidth - 150)}px`;
    this.ghost.style.top = `${y + 12}px`;
    this.place = this.placeAt(x, y);
    const place = this.place;
    for (const each of this.box.querySelectorAll(".drop-tie")) each.classList.remove("drop-tie");
    this.line.remove();
    if (place === null || place === "out") return;
    if (place.isTie) place.group?.classList.add("drop-tie");
    else this.showLine(place.index);
  }

  /** Groups of the other answers, with their places on screen. */
  groups() {
    return /** @type {HTMLElement[]} */ ([...this.box.querySelectorAll(".label-group")]).filter(
      (group) => group.querySelector("[data-letter]:not(.dragged)"),
    );
  }

  /** @returns {Place} */
  placeAt(/** @type {number} */ x, /** @type {number} */ y) {
    const rest = this.box.querySelector(".label-rest");
    const isSideways = this.drops.isSideways();
    if (rest) {
      const { top, left } = rest.getBoundingClientRect();
      if (isSideways ? x > left : y > top) return this.card.closest(".label-group") ? "out" : null;
    }
    const groups = this.groups();
    const at = isSideways ? x : y;
    for (const [index, group] of groups.entries()) {
      const { top, bottom, left, right } = group.getBoundingClientRect();
      const [start, end] = isSideways ? [left, right] : [top, bottom];
      const edge = Math.min(EDGE, (end - start) / 3);
      if (at < start + edge) return { index, isTie: false, group };
      if (at < end - edge) return { index, isTie: true, group };
    }
    return { index: groups.length, isTie: false, group: null };
  }

  showLine(/** @type {number} */ index) {
    const groups = this.groups();
    if (!groups.length) return;
    const frame = this.box.getBoundingClientRect();
    const isFirst = index < groups.length;
    const box = (groups[index] ?? groups[groups.length - 1]).getBoundingClientRect();
    const { style } = this.line;
    if (this.drops.isSideways()) {
      const x = (isFirst ? box.left - 6 : box.right + 3) - frame.left + this.box.scrollLeft;
      Object.assign(style, { left: `${Math.max(0, x)}px`, top: "0", width: "3px", height: `${frame.height}px` });
    } else {
      const y = (isFirst ? box.top - 7 : box.bottom + 4) - frame.top;
      Object.assign(style, { left: "0", top: `${y}px`, width: "100%", height: "3px" });
    }
    this.box.append(this.line);
  }

  /** Scroll while the pointer is near an end of the window. */
  scroll() {
    const { clientX: x, clientY: y } = this.last;
    const bottom = this.drops.bottom();
    if (y < SCROLL) scrollBy(0, -16);
    else if (y > bottom - SCROLL) scrollBy(0, 16);
    if (this.drops.isSideways()) {
      if (x < SCROLL) this.box.scrollLeft -= 16;
      else if (x > innerWidth - SCROLL) this.box.scrollLeft += 16;
    }
    this.show();
  }

  stop(/** @type {boolean} */ isDrop) {
    this.end.abort();
    clearInterval(this.timer);
    const wasDragged = this.ghost.isConnected;
    this.ghost.remove();
    this.line.remove();
    this.card.classList.remove("dragged");
    document.documentElement.classList.remove("dragging");
    for (const each of this.box.querySelectorAll(".drop-tie")) each.classList.remove("drop-tie");
    if (!isDrop || !wasDragged || this.place === null) return;
    const letter = this.card.dataset.letter ?? "";
    if (this.place === "out") this.drops.remove(letter);
    else this.drops.drop(letter, this.place.index, this.place.isTie);
  }
}

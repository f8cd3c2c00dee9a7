// Ranking: answers in groups from the best to the worst, as a list or in columns, by mouse, touch or keys.

import { at, icon, make, textButton } from "./dom.js";
import { makeCard } from "./label-cards.js";
import { setUpDrag } from "./label-drag.js";
import { groupsOf, movedTo, ranksOf, stepped, tied, unplaced, without, withRank } from "./label-ranks.js";
import { letters, state, work } from "./label-state.js";

/** @typedef {import("./label-ranks.js").Ranks} Ranks */
/** @typedef {import("./label-cards.js").Card & {place: HTMLSelectElement, tie: HTMLButtonElement}} RankCard */

/** Create the view of a task that ranks answers. */
export function rankView() {
  const box = make("div", "label-answers");
  const cards = new Map((state.task?.answers ?? []).map((answer) => [answer.letter, rankCard(answer)]));
  let look = "";
  setUpDrag(box, {
    isSideways: () => state.layout === "columns",
    drop: (letter, index, isTie) => change(letter, movedTo(state.work.ranks, letters(), letter, index, isTie)),
    remove: (letter) => change(letter, without(state.work.ranks, letter)),
    bottom: () => at("foot").getBoundingClientRect().top,
  });

  /** Arrange the cards anew, without taking the focus from one that moves. */
  function arrange() {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    const groups = groupsOf(state.work.ranks, letters());
    const rest = unplaced(state.work.ranks, letters());
    const nodes = (/** @type {string[]} */ some) => some.map((letter) => cardOf(letter).node);
    box.replaceChildren(
      ...groups.map((group) => groupOf(group, nodes(group))),
      ...(groups.length ? [] : [make("p", "drop-zone", "Drop the best answer here, or give the answers their numbers.")]),
      ...(rest.length ? [restOf(rest, nodes(rest))] : []),
    );
    if (focused && box.contains(focused)) focused.focus({ preventScroll: true });
  }

  const cardOf = (/** @type {string} */ letter) => /** @type {RankCard} */ (cards.get(letter));

  return {
    node: box,
    paint() {
      const { ranks } = state.work;
      const next = JSON.stringify([ranks, state.layout]);
      if (next !== look) arrange();
      look = next;
      document.body.classList.toggle("is-wide", state.layout === "columns");
      document.body.classList.toggle("is-columns", state.layout === "columns");
      const groups = groupsOf(ranks, letters());
      const best = groups[0] ?? [];
      for (const [letter, card] of cards) {
        card.place.value = String(ranks[letter] ?? 0);
        card.place.classList.toggle("empty-place", !ranks[letter]);
        const isTied = groups.some((group) => group.indexOf(letter) > 0);
        card.tie.setAttribute("aria-pressed", String(isTied));
        card.tie.disabled = !groups.length || (best[0] === letter);
        card.paint();
      }
    },
    key(/** @type {KeyboardEvent} */ event, /** @type {string} */ letter) {
      if (!letter) return false;
      return act(event, letter, (next) => cardOf(next).node);
    },
    card: (/** @type {string} */ letter) => cards.get(letter)?.node ?? null,
  };
}

/** Do what a key means on an answer. Return whether it means anything. */
function act(/** @type {KeyboardEvent} */ event, /** @type {string} */ letter, /** @type {(letter: string) => HTMLElement} */ node) {
  const ids = letters();
  const { ranks } = state.work;
  const { key } = event;
  const step = stepOf(key);
  if (step) change(letter, stepped(ranks, ids, letter, step));
  else if (key === "=") change(letter, tied(ranks, ids, letter));
  else if (key === "0" || key === "Backspace" || key === "Delete") change(letter, without(ranks, letter));
  else if (/^[1-9]$/.test(key)) {
    if (Number(key) > ids.length) return say(`There are only ${ids.length} answers.`);
    change(letter, withRank(ranks, ids, letter, Number(key)));
    const next = unplaced(state.work.ranks, ids)[0];
    if (next) show(node(next)); // the numbers can be typed one after the other
  } else return false;
  return true;
}

/** Return which way an arrow leads: in columns the one to the left is better. */
function stepOf(/** @type {string} */ key) {
  const isSideways = state.layout === "columns";
  if (key === "ArrowUp" || (isSideways && key === "ArrowLeft")) return -1;
  return key === "ArrowDown" || (isSideways && key === "ArrowRight") ? 1 : 0;
}

/** Change the ranks, tell what has changed, and keep the answer in view. */
function change(/** @type {string} */ letter, /** @type {Ranks} */ ranks) {
  work({ ranks });
  const group = groupsOf(state.work.ranks, letters()).find((each) => each.includes(letter)) ?? [];
  const others = group.filter((each) => each !== letter);
  const rank = state.work.ranks[letter];
  say(rank ? `Answer ${letter}: rank ${rank}${others.length ? `, tied with ${others.join(", ")}` : ""}` : `Answer ${letter} is not ranked`);
  document.querySelector(`[data-letter="${letter}"]`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function say(/** @type {string} */ text) {
  at("said").textContent = text;
  return true;
}

/** Focus an answer and bring it into view. */
export function show(/** @type {HTMLElement | null} */ node) {
  node?.focus({ preventScroll: true });
  node?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function groupOf(/** @type {string[]} */ group, /** @type {HTMLElement[]} */ nodes) {
  const rank = state.work.ranks[group[0]];
  const name = rank === 1 ? "Rank 1 (best)" : `Rank ${rank}`;
  return make("div", "label-group", make("h3", "label-group-name", name), ...nodes);
}

function restOf(/** @type {string[]} */ rest, /** @type {HTMLElement[]} */ nodes) {
  const keep = textButton("Keep this order", () => {
    const groups = groupsOf(state.work.ranks, letters());
    work({ ranks: ranksOf([...groups, ...rest.map((letter) => [letter])]) });
  }, "button small");
  keep.title = "Rank these answers in the order in which they stand here";
  return make("div", "label-rest", make("div", "label-unplaced", make("h2", "", "Not ranked yet"), keep), ...nodes);
}

/** Create a card with the means to rank it. @returns {RankCard} */
function rankCard(/** @type {import("./label-state.js").Answer} */ answer) {
  const { letter } = answer;
  const card = makeCard(answer);
  const grip = make("span", "grip", icon("grip"));
  grip.title = "Drag";
  const place = /** @type {HTMLSelectElement} */ (make("select", "place"));
  place.setAttribute("aria-label", `Rank of answer ${letter}`);
  for (let rank = 0; rank <= letters().length; rank++) place.append(new Option(rank ? String(rank) : "–", String(rank)));
  place.addEventListener("change", () => {
    const rank = Number(place.value);
    const { ranks } = state.work;
    change(letter, rank ? withRank(ranks, letters(), letter, rank) : without(ranks, letter));
  });
  const button = (/** @type {string} */ sign, /** @type {string} */ label, /** @type {() => Ranks} */ act) => {
    const made = /** @type {HTMLButtonElement} */ (textButton(sign, () => change(letter, act()), "key-button"));
    made.setAttribute("aria-label", `${label}: answer ${letter}`);
    made.title = label;
    return made;
  };
  const step = (/** @type {-1 | 1} */ by) => () => stepped(state.work.ranks, letters(), letter, by);
  const tie = button("=", "Tie with the answer above", () => tied(state.work.ranks, letters(), letter));
  card.head.prepend(grip, place);
  card.head.append(button("↑", "Move up", step(-1)), button("↓", "Move down", step(1)), tie);
  return { ...card, place, tie };
}

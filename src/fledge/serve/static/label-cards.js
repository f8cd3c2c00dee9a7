// One answer on the task page: its text, its rating and its flags, the same for every kind of task.

import { make } from "./dom.js";
import { state, work } from "./label-state.js";
import { foldingText } from "./label-text.js";

/** @typedef {import("./label-state.js").Answer} Answer */
/** @typedef {{node: HTMLElement, head: HTMLElement, paint: () => void}} Card */

const ENDS = { 1: "1, very bad", 7: "7, excellent" };
let number = 0; // for names of radio buttons

/** Create the card of an answer. @returns {Card} */
export function makeCard(/** @type {Answer} */ answer) {
  const { letter } = answer;
  const title = make("h3", "", `Answer ${letter}`);
  title.id = `answer-${letter}`;
  const head = make("div", "label-answer-head", title);
  const text = foldingText(`answer ${letter}`);
  const likert = likertOf(letter);
  const flags = flagsOf(letter);
  const node = make("article", "label-answer", head, text.frame, likert.node, flags.node);
  node.dataset.letter = letter;
  node.tabIndex = 0;
  node.setAttribute("aria-labelledby", title.id);
  let look = "";
  return {
    node,
    head,
    paint() {
      const next = `${state.isPlain} ${state.layout}`; // what is long depends on the width
      if (look !== next) text.show(answer, state.isPlain);
      look = next;
      likert.paint();
      flags.paint();
    },
  };
}

/** Rate an answer; the same rating again takes it away. */
export function rate(/** @type {string} */ letter, /** @type {number} */ value) {
  const { [letter]: before, ...others } = state.work.ratings;
  work({ ratings: before === value ? others : { ...others, [letter]: value } });
}

/** Set a flag of an answer, or take it away. */
export function flag(/** @type {string} */ letter, /** @type {string} */ name) {
  const set = state.work.flags[letter] ?? [];
  const next = set.includes(name) ? set.filter((each) => each !== name) : [...set, name];
  work({ flags: { ...state.work.flags, [letter]: next } });
}

function likertOf(/** @type {string} */ letter) {
  const group = `likert-${number++}`;
  const box = make("fieldset", "label-likert", make("legend", "", "Overall quality"));
  const boxes = [1, 2, 3, 4, 5, 6, 7].map((value) => {
    const input = /** @type {HTMLInputElement} */ (make("input"));
    input.type = "radio";
    input.name = group;
    input.value = String(value);
    input.setAttribute("aria-label", ENDS[/** @type {1 | 7} */ (value)] ?? String(value));
    input.addEventListener("change", () => {
      work({ ratings: { ...state.work.ratings, [letter]: value } });
    });
    input.addEventListener("click", () => {
      if (input.dataset.was === "true") rate(letter, value); // a second click takes it away
    });
    box.append(make("label", "pill", input, make("span", "", String(value))));
    return input;
  });
  return {
    node: box,
    paint() {
      for (const input of boxes) {
        input.checked = state.work.ratings[letter] === Number(input.value);
        input.dataset.was = String(input.checked);
      }
    },
  };
}

function flagsOf(/** @type {string} */ letter) {
  const known = state.task?.flags ?? [];
  const list = make("fieldset", "label-flags", make("legend", "visually-hidden", `Flags of answer ${letter}`));
  const boxes = known.map(({ name, label }, index) => {
    const input = /** @type {HTMLInputElement} */ (make("input"));
    input.type = "checkbox";
    input.dataset.name = name;
    input.addEventListener("change", () => flag(letter, name));
    list.append(make("label", "", input, ...keyOf(index), label));
    return input;
  });
  const isOpen = state.task?.kind === "rate";
  const summary = make("summary", "", "Flags");
  const node = isOpen ? list : make("details", "label-flag-box", summary, list);
  node.hidden = !known.length;
  return {
    node,
    paint() {
      const set = state.work.flags[letter] ?? [];
      for (const input of boxes) input.checked = set.includes(input.dataset.name ?? "");
      const names = known.filter(({ name }) => set.includes(name)).map(({ label }) => label);
      summary.textContent = names.length ? `Flags: ${names.join(", ")}` : "Flags";
    },
  };
}

/** Show the letter that toggles a flag where one answer is rated at a time. */
function keyOf(/** @type {number} */ index) {
  return state.task?.kind === "rate" ? [make("kbd", "", String.fromCharCode(65 + index))] : [];
}

// Foot of the task page: what is still missing, how far the draft is, and the button that submits.

import { at } from "./dom.js";
import { contradictions, groupsOf } from "./label-ranks.js";
import { letters, missing, onChange, state } from "./label-state.js";

/** @type {Record<import("./label-draft.js").Kept, string>} */
const KEPT = {
  "": "",
  saving: "Saving…",
  saved: "Draft saved",
  kept: "Not on the server yet; kept in this browser",
  refused: "Not saved",
};

/** Wire up the foot, once. */
export function setUpFoot(/** @type {() => void} */ submit) {
  at("submit").addEventListener("click", submit);
  onChange(paint);
}

/** Tell how far the newest change has come. */
export function showKept(/** @type {import("./label-draft.js").Kept} */ kept, /** @type {Error | undefined} */ error) {
  at("kept").textContent = KEPT[kept];
  at("kept").classList.toggle("bad", kept === "kept" || kept === "refused");
  at("kept").title = error?.message ?? "";
  if (kept === "refused" && error) at("kept").textContent = `Not saved: ${error.message}`;
}

function paint() {
  if (!state.task) return;
  const left = missing();
  at("submit").disabled = state.isBusy;
  at("submit").setAttribute("aria-disabled", String(Boolean(left)));
  at("order").textContent = left || order();
  const warnings = state.task.kind === "rate" || state.task.kind === "demonstrate" ? [] : warn();
  at("warning").hidden = !warnings.length;
  at("warning").textContent = warnings.join(" ");
}

/** Return an order of answers as "B=1 A=2 C=2". */
function order() {
  const { ranks } = state.work;
  if (state.task?.kind !== "rank") return "";
  return groupsOf(ranks, letters()).flat().map((letter) => `${letter}=${ranks[letter]}`).join(" ");
}

function warn() {
  const { ranks, ratings } = state.work;
  return contradictions(ranks, ratings, letters()).map(([higher, other]) =>
    `${higher} is ranked above ${other}, but rated lower (${ratings[higher]} against ${ratings[other]}).`);
}

// Panel of reasons for a rating: a few to tick and a free comment.

import { make, textButton } from "./dom.js";
import { rate } from "./opinions.js";
import { update } from "./state.js";
import { toast } from "./toast.js";

/** @typedef {import("./tree.js").Message} Message */

const REASONS = {
  1: ["Correct", "Helpful", "Well written", "Kind"],
  [-1]: ["Wrong", "Did not follow the instruction", "Made something up", "Too long", "Unsafe", "Impolite"],
};

/** Create the panel under an answer that was just rated. */
export function reasonsPanel(/** @type {Message} */ message) {
  const value = message.rating?.value ?? 1;
  const chosen = new Set(message.rating?.reasons ?? []);
  const panel = make("form", "reasons");
  panel.setAttribute("aria-label", value > 0 ? "What was good?" : "What was wrong?");
  const chips = REASONS[/** @type {1 | -1} */ (value)].map((reason) => {
    const chip = textButton(reason, () => {
      if (!chosen.delete(reason)) chosen.add(reason);
      chip.setAttribute("aria-pressed", String(chosen.has(reason)));
    }, "chip");
    chip.setAttribute("aria-pressed", String(chosen.has(reason)));
    return chip;
  });
  const comment = document.createElement("input");
  comment.placeholder = "Add a comment (optional)";
  comment.setAttribute("aria-label", "Comment");
  comment.maxLength = 1000;
  comment.value = message.rating?.comment ?? "";
  const save = make("button", "button primary", "Send");
  panel.append(
    make("p", "reasons-title", value > 0 ? "What was good?" : "What was wrong?"),
    make("div", "chips", ...chips),
    make("div", "reasons-row", comment, textButton("Close", () => update({ rating: null })), save),
  );
  panel.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!(await rate(message, { value, reasons: [...chosen], comment: comment.value.trim() }))) return;
    update({ rating: null });
    toast("Thanks for your feedback.");
  });
  return panel;
}

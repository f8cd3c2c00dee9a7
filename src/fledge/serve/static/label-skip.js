// Sheet that asks why a task is skipped.

import { at } from "./dom.js";

/** Wire up the sheet; `skip` gets the route and what is sent to it. */
export function setUpSkip(/** @type {(route: string, body: object) => void} */ skip) {
  const dialog = at("skip-dialog");
  const form = dialog.querySelector("form");
  const paint = () => {
    const isSkip = form.elements.why.value === "skip";
    at("reason-label").textContent = isSkip ? "Reason" : "Notes (optional)";
    form.elements.reason.required = isSkip;
  };
  form.addEventListener("change", paint);
  at("skip").addEventListener("click", () => {
    form.reset();
    paint();
    dialog.showModal();
  });
  form.addEventListener("submit", () => {
    const why = form.elements.why.value;
    const text = form.elements.reason.value.trim();
    if (why === "skip") skip("skip", { reason: text });
    else skip("problem", { problem: why, notes: text });
  });
}

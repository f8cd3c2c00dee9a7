// Runs before the page is parsed: remembers an Enter pressed in a message box, or a click on Send,
// while the modules are not loaded yet (see enter.js). Loaded modules handle both themselves.
document.addEventListener("keydown", (event) => {
  const box = /** @type {HTMLElement} */ (event.target);
  if (event.defaultPrevented || box.id !== "message") return;
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  box.dataset.pressed = "true";
});
document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const box = /** @type {HTMLElement | null} */ (form.querySelector("#message"));
  if (event.defaultPrevented || !box) return;
  event.preventDefault();
  box.dataset.pressed = "true";
});

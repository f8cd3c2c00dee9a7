// Runs before the page is parsed: remembers an Enter pressed in a message box whose modules are not
// loaded yet (see enter.js). Loaded modules handle the key themselves.
document.addEventListener("keydown", (event) => {
  const box = /** @type {HTMLElement} */ (event.target);
  if (event.defaultPrevented || box.id !== "message") return;
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  box.dataset.pressed = "true";
});

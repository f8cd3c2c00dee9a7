// Runs before the page is read: Enter in a message box whose modules are not here yet is kept for
// them (enter.js). Once they are, they take the key themselves.
document.addEventListener("keydown", (event) => {
  const box = /** @type {HTMLElement} */ (event.target);
  if (event.defaultPrevented || box.id !== "message") return;
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  box.dataset.pressed = "true";
});

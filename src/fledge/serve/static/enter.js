// Enter in a message box sends it; Shift+Enter is a new line.

/** Call this once everything is ready to send: an Enter remembered by early.js sends at once. */
export function sendOnEnter(/** @type {HTMLTextAreaElement} */ box, /** @type {() => void} */ send) {
  box.addEventListener("keydown", (event) => {
    // An input method's Enter picks a word; Safari marks it by the code 229 alone.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  });
  if (box.dataset.pressed && box.value.trim()) send();
}

// Enter in a message box sends it; Shift+Enter is a new line.

/** To be called when everything is ready to send: an Enter that early.js kept counts at once. */
export function sendOnEnter(/** @type {HTMLTextAreaElement} */ box, /** @type {() => void} */ send) {
  box.addEventListener("keydown", (event) => {
    // An input method's Enter chooses a word; Safari tells of it by the code 229 alone.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  });
  if (box.dataset.pressed && box.value.trim()) send();
}

// Reading aloud with the voices that the browser has; nothing leaves the machine for local voices.

/** Whether this browser can speak at all. */
export const canSpeak = "speechSynthesis" in window;

/** Read an answer aloud, or fall silent where something is being read. */
export function speak(/** @type {HTMLElement | null} */ article) {
  if (speechSynthesis.speaking) {
    speechSynthesis.cancel();
    return;
  }
  const text = /** @type {HTMLElement | null} */ (article?.querySelector(".answer"))?.innerText;
  if (text) speechSynthesis.speak(new SpeechSynthesisUtterance(text));
}

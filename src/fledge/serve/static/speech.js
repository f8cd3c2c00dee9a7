// Reads aloud with the browser's voices; with local ones nothing leaves the machine.

/** True if this browser can speak. */
export const canSpeak = "speechSynthesis" in window;

/** Read an answer aloud, or stop if something is being read. */
export function speak(/** @type {HTMLElement | null} */ article) {
  if (speechSynthesis.speaking) {
    speechSynthesis.cancel();
    return;
  }
  const text = /** @type {HTMLElement | null} */ (article?.querySelector(".answer"))?.innerText;
  if (text) speechSynthesis.speak(new SpeechSynthesisUtterance(text));
}

// Storage of the browser, or of this page alone where the browser blocks it or it is full.

/** @typedef {"localStorage" | "sessionStorage"} Area what outlives the browser, and what outlives a reload */
/** @type {Map<string, string>} */
const remembered = new Map();

/** Return a stored text, or null. */
export function get(/** @type {Area} */ area, /** @type {string} */ key) {
  const here = remembered.get(`${area}.${key}`);
  if (here !== undefined) return here;
  try {
    return window[area].getItem(key);
  } catch {
    return null;
  }
}

/** Store a text; where that fails it lasts as long as the page. */
export function set(/** @type {Area} */ area, /** @type {string} */ key, /** @type {string} */ value) {
  remove(area, key); // an old text must not come back where the new one does not fit
  try {
    window[area].setItem(key, value);
  } catch {
    remembered.set(`${area}.${key}`, value);
  }
}

/** Forget a text. */
export function remove(/** @type {Area} */ area, /** @type {string} */ key) {
  remembered.delete(`${area}.${key}`);
  try {
    window[area].removeItem(key);
  } catch {
    // nothing is stored
  }
}

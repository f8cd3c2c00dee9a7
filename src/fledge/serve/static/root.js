// Path under which a proxy serves these pages, as `/fledge`; "" for none. Scripts write paths as
// the server knows them: `rooted` adds the prefix for the browser, `herePath` takes it away.

export const ROOT = new URL("..", import.meta.url).pathname.slice(0, -1);

/** Turn a path of this server into the browser's. */
export const rooted = (/** @type {string} */ path) => ROOT + path;

/** Return the path of the open page as this server knows it. */
export function herePath() {
  const path = location.pathname;
  return path.startsWith(`${ROOT}/`) ? path.slice(ROOT.length) : path;
}

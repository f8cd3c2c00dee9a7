// Runs before the first paint, so that the chosen theme does not flash; no module is loaded by then.
try {
  const chosen = localStorage.getItem("fledge.theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch {
  // The browser blocks storage: the theme is the system's.
}

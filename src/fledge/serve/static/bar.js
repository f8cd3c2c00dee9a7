// Bar of every page: the theme button cycles through system, light and dark.

import { at, setIcon, setLabel } from "./dom.js";
import { remove, set } from "./storage.js";
import { watchQueue } from "./waiting.js";

const THEMES = ["system", "light", "dark"];

function show() {
  const theme = document.documentElement.dataset.theme ?? "system";
  setIcon(at("theme"), theme);
  setLabel(at("theme"), `Theme: ${theme}`);
}

at("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? "system") + 1) % THEMES.length];
  if (next === "system") {
    delete root.dataset.theme;
    remove("localStorage", "fledge.theme");
  } else {
    root.dataset.theme = next;
    set("localStorage", "fledge.theme", next);
  }
  show();
});

show();
watchQueue();

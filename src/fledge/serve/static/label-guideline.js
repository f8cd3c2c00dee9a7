// Guidelines beside the task, and the news that there is a new version.

import { call } from "./api.js";
import { at } from "./dom.js";
import { banner } from "./label-banners.js";
import { showText } from "./label-text.js";
import { get, set } from "./storage.js";
import { telling } from "./toast.js";

/** @type {string} */
let project = "";
/** @type {number | null} */
let shown = null; // version that the panel has
/** @type {number | null} */
let newest = null;

const readKey = () => `fledge.label.read.${project}`;
const isOpenKey = "fledge.label.guidelines";

/** Show the guidelines of a project; they open by themselves if this browser has not shown them. */
export function setUpGuideline(/** @type {string} */ id, /** @type {number | null} */ version) {
  project = id;
  newest = version;
  at("show-guideline").addEventListener("click", () => toggleGuideline());
  at("hide-guideline").addEventListener("click", () => toggleGuideline(false));
  if (version === null) return;
  at("show-guideline").hidden = false;
  const isAsked = new URLSearchParams(location.search).get("guidelines") === "open";
  const isNew = get("localStorage", readKey()) !== String(version);
  if (isAsked || isNew || get("localStorage", isOpenKey) === "true") toggleGuideline(true);
}

/** Open the panel or close it. */
export function toggleGuideline(isOpen = at("guideline").hidden) {
  if (newest === null) return;
  at("guideline").hidden = !isOpen;
  document.body.classList.toggle("with-guideline", isOpen);
  at("show-guideline").setAttribute("aria-expanded", String(isOpen));
  set("localStorage", isOpenKey, String(isOpen));
  if (isOpen && shown !== newest) telling(read);
}

/** Tell that the guidelines have changed, once for each version; a task may be of an older one. */
export function hearVersion(/** @type {number | null} */ version) {
  if (!version || version <= (newest ?? 0)) return;
  newest = version;
  at("show-guideline").hidden = false;
  banner("guideline", `The guidelines have changed: version ${version} is new.`, [["Read them", () => toggleGuideline(true)]]);
  if (!at("guideline").hidden) telling(read);
}

async function read() {
  const guideline = await call("GET", `/api/label/projects/${project}/guideline`);
  shown = newest = guideline.version;
  at("guideline-version").textContent = `version ${guideline.version}`;
  showText(at("guideline-text"), { content: guideline.text, html: guideline.html });
  set("localStorage", readKey(), String(guideline.version));
}

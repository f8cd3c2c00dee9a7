// Models that the page awaits: they join the pickers once they are raised, without a reload.

import { call } from "./api.js";
import { at, make } from "./dom.js";
import { page, update } from "./state.js";
import { toast } from "./toast.js";

/** @typedef {import("./state.js").Model} Model */

const EVERY = 3000; // milliseconds
const list = new Intl.ListFormat("en");
let timer = 0;

/** Ask for the awaited models until all are there. */
export function watchModels() {
  showAwaited();
  if (page.awaited.length) timer = setInterval(look, EVERY);
}

async function look() {
  if (document.hidden) return;
  try {
    take(await call("GET", "/api/models"));
  } catch {
    // The page itself tells of a server that is away.
  }
}

/** Offer what the server offers now; the chosen models stay chosen. */
function take(/** @type {{models: Model[], awaited: {id: string, name: string}[]}} */ shown) {
  const known = new Set(page.models.map((/** @type {Model} */ model) => model.id));
  const arrived = shown.models.filter((model) => !known.has(model.id));
  Object.assign(page, shown);
  showAwaited();
  if (!page.awaited.length) clearInterval(timer);
  if (!arrived.length) return;
  for (const id of ["model", "rival"]) refill(at(id), shown.models);
  update();
  toast(`${named(arrived)} ${arrived.length > 1 ? "are" : "is"} ready. Choose below your message who answers.`);
}

function refill(/** @type {HTMLSelectElement} */ picker, /** @type {Model[]} */ models) {
  const chosen = picker.value;
  picker.replaceChildren(...models.map(({ id, name }) => {
    const option = make("option", "", name);
    option.value = id;
    return option;
  }));
  picker.value = chosen;
  if (!picker.value) picker.selectedIndex = 0;
}

function showAwaited() {
  const { awaited } = page;
  const several = awaited.length > 1;
  at("awaited").textContent = awaited.length
    ? `${named(awaited)} ${several ? "are" : "is"} still to come: ${several ? "they appear" : "it appears"} in the list of models when training is finished.`
    : "";
}

const named = (/** @type {{name: string}[]} */ models) =>
  list.format(models.map(({ name }) => `“${name}”`));

// The list of runs, read again every few seconds; an owner starts and stops them.

import { call } from "./api.js";
import { ago, progress, read, shown } from "./dashboard-words.js";
import { at, make, textButton } from "./dom.js";
import { rooted } from "./root.js";
import { telling, toast } from "./toast.js";

const EVERY = 5000; // milliseconds
const MOST = 8;
const MAY_ACT = document.body.dataset.mayAct === "yes";
const HEADLINES = [["objective/scores", "reward"], ["objective/kl", "KL"], ["held-out accuracy", "accuracy"], ["accuracy", "accuracy"], ["loss", "loss"]];

/** @type {Set<string>} */
const chosen = new Set();

async function readRuns() {
  const list = await call("GET", "/api/training/runs");
  const names = list.runs.map((/** @type {any} */ run) => run.name);
  for (const name of chosen) if (!names.includes(name)) chosen.delete(name);
  at("none").hidden = list.runs.length > 0;
  at("frame").hidden = list.runs.length === 0;
  at("cut").hidden = !list.is_cut;
  refill(at("runs"), list.runs, row);
  at("unread-part").hidden = list.unread.length === 0;
  refill(at("unread"), list.unread, unread);
  if (MAY_ACT) {
    at("waiting-part").hidden = list.waiting.length === 0;
    refill(at("waiting"), list.waiting, waiting);
  }
  showChosen();
}

/** Rebuild a list only where it changed; the keyboard focus stays on its button or box. */
function refill(/** @type {HTMLElement} */ box, /** @type {any[]} */ items, /** @type {(item: any) => HTMLElement} */ build) {
  const look = JSON.stringify(items.map((item) => ({ ...item, age: ago(item.age ?? null) })));
  if (box.dataset.look === look) return;
  box.dataset.look = look;
  const active = /** @type {HTMLElement | null} */ (document.activeElement);
  const held = active && box.contains(active) ? active.dataset.key : undefined;
  box.replaceChildren(...items.map(build));
  if (!held) return;
  for (const node of box.querySelectorAll("[data-key]")) {
    if (/** @type {HTMLElement} */ (node).dataset.key === held) /** @type {HTMLElement} */ (node).focus();
  }
}

function row(/** @type {any} */ run) {
  const link = /** @type {HTMLAnchorElement} */ (make("a", "run-name", run.name));
  link.href = rooted(`/runs/compare?${new URLSearchParams({ run: run.name })}`);
  link.dataset.key = `link ${run.name}`;
  const state = make("td", "", make("span", `state ${run.state}`, run.state));
  if (run.message) state.append(make("span", "why", run.message));
  const name = make("th", "", link);
  name.setAttribute("scope", "row");
  const cells = [make("td", "", box(run)), name, make("td", "", run.stage), state, make("td", "number", progress(run)), make("td", "", lastOf(run)), make("td", "", ago(run.age))];
  if (MAY_ACT) cells.push(make("td", "", ...action(run)));
  return make("tr", "", ...cells);
}

function box(/** @type {any} */ run) {
  const input = /** @type {HTMLInputElement} */ (make("input", "pick"));
  input.type = "checkbox";
  input.checked = chosen.has(run.name);
  input.dataset.key = `box ${run.name}`;
  input.setAttribute("aria-label", `Choose ${run.name}`);
  input.addEventListener("change", () => {
    if (input.checked && chosen.size === MOST) {
      input.checked = false;
      toast(`At most ${MOST} runs fit on a chart.`);
      return;
    }
    if (input.checked) chosen.add(run.name);
    else chosen.delete(run.name);
    showChosen();
  });
  return input;
}

/** Return the newest of the numbers that matter most, at most two. */
function lastOf(/** @type {any} */ run) {
  const there = HEADLINES.filter(([metric]) => metric in run.last);
  const count = there[0]?.[0] === "objective/scores" ? 2 : 1;
  return there.slice(0, count).map(([metric, word]) => `${word} ${shown(read(run.last[metric]))}`).join(" · ") || "–";
}

function action(/** @type {any} */ run) {
  if (run.state === "running") return [button("Stop", run.name, () => act("stop", { run: run.name }, `Asked ${run.name} to save and to end.`))];
  if (!run.file || run.state === "finished") return [];
  return [button("Resume", run.name, () => start(run.file))];
}

function waiting(/** @type {any} */ file) {
  const words = make("span", "grow", make("strong", "", file.file), make("span", "hint", `${file.stage}, into ${file.run}`));
  return make("li", "list-row", words, button("Start", file.file, () => start(file.file)));
}

function unread(/** @type {any} */ thing) {
  return make("li", "list-row", make("span", "grow", make("strong", "", thing.name), make("span", "hint", thing.problem)));
}

function button(/** @type {string} */ word, /** @type {string} */ name, /** @type {() => void} */ press) {
  const made = textButton(word, press, "button small");
  made.setAttribute("aria-label", `${word} ${name}`);
  made.dataset.key = `${word} ${name}`;
  return made;
}

const start = (/** @type {string} */ file) => act("start", { file }, `Started ${file}.`);

async function act(/** @type {"start" | "stop"} */ what, /** @type {object} */ body, /** @type {string} */ done) {
  const isDone = await telling(() => call("POST", `/api/training/${what}`, body));
  if (isDone) toast(done);
  await telling(readRuns);
}

function showChosen() {
  at("compare").disabled = chosen.size === 0;
  at("chosen").textContent = chosen.size ? `${chosen.size} ${chosen.size === 1 ? "run" : "runs"} chosen` : "No run chosen";
}

at("choose").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  location.assign(rooted(`/runs/compare?${new URLSearchParams([...chosen].map((name) => ["run", name]))}`));
});

async function refresh() {
  if (document.hidden) return;
  try {
    await readRuns();
    at("problem").hidden = true;
  } catch (error) {
    at("problem").textContent = error instanceof Error ? error.message : String(error);
    at("problem").hidden = false;
  }
}

setInterval(refresh, EVERY);
refresh();

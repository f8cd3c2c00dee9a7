// The managers' page of one project: its progress, tasks, guidelines, downloads and settings.

import { call } from "./api.js";
import { at, make } from "./dom.js";
import { setUpVersions, showVersions } from "./label-versions.js";
import { showProgress } from "./label-progress.js";
import { setUpTasks, showWithdrawn } from "./label-tasks.js";
import { KINDS, count } from "./label-words.js";
import { rooted } from "./root.js";
import { telling, toast } from "./toast.js";

const ID = document.body.dataset.project ?? "";
const PATH = `/api/label/admin/projects/${ID}`;
const NUMBERS = ["overlap", "lease_minutes", "gold_percent"];

/** @type {Record<string, string[]>} formats that each kind of project gives */
const FORMATS = {
  demonstrate: ["demonstrations"], rate: ["ratings", "rankings", "pairs"],
  rank: ["rankings", "pairs"], compare: ["rankings", "pairs"],
};

function show(/** @type {any} */ project) {
  at("project").hidden = false;
  at("project-name").textContent = project.name;
  document.title = document.title.replace(/^.*? · /, `${project.name} · `);
  at("kind").hidden = false;
  at("kind").textContent = project.kind;
  at("closed").hidden = project.is_open;
  at("label-here").hidden = !project.is_open;
  at("summary").textContent = `${KINDS[/** @type {"rank"} */ (project.kind)].about} ${[
    count(project.num_tasks, "task"), `${project.num_gold} gold`, count(project.num_judgements, "judgement"),
  ].join(" · ")}`;
  at("open-or-close").textContent = project.is_open ? "Close project" : "Open project";
  at("open-or-close").disabled = false;
  at("open-or-close").onclick = () => change({ is_open: !project.is_open });
  const { elements } = at("settings");
  for (const name of ["name", "layout", ...NUMBERS]) elements[name].value = project[name];
  elements.layout.disabled = project.kind !== "rank";
  at("downloads").replaceChildren(...FORMATS[project.kind].map(download));
  showWithdrawn(PATH, project.num_withdrawn);
}

function download(/** @type {string} */ format) {
  const link = /** @type {HTMLAnchorElement} */ (make("a", "button", `Download ${format}`));
  link.href = rooted(`${PATH}/judgements.jsonl?format=${format}`);
  link.download = "";
  return link;
}

/** Change the project, and show it as it is then. */
function change(/** @type {object} */ body) {
  return telling(async () => {
    show(await call("PATCH", PATH, body));
    toast("Saved.");
    await showProgress(PATH);
  });
}

at("settings").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  const { elements } = at("settings");
  change({
    name: elements.name.value.trim(), layout: elements.layout.value,
    ...Object.fromEntries(NUMBERS.map((name) => [name, Number(elements[name].value)])),
  });
});
at("delete").addEventListener("click", () => telling(async () => {
  await call("DELETE", PATH);
  location.assign(rooted("/label/manage"));
}));

async function read() {
  const project = await call("GET", PATH);
  show(project);
  return project;
}

async function start() {
  const project = await read();
  setUpTasks(PATH, project.kind, async () => {
    await read();
    await showProgress(PATH);
  });
  setUpVersions(PATH);
  await Promise.all([showProgress(PATH), showVersions(PATH)]);
}

start().catch((error) => {
  at("problem").hidden = false;
  at("problem").textContent = error.message;
});

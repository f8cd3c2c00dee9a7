// The managers' page of projects: a list, and a sheet that makes a new one.

import { call } from "./api.js";
import { at, make, wireClosing } from "./dom.js";
import { count } from "./label-words.js";
import { rooted } from "./root.js";
import { telling } from "./toast.js";

const dialog = at("project-dialog");
const form = dialog.querySelector("form");
const NUMBERS = ["overlap", "lease_minutes", "gold_percent"];

function line(/** @type {any} */ project) {
  const link = /** @type {HTMLAnchorElement} */ (make("a", "", make("strong", "", project.name)));
  link.href = rooted(`/label/manage/${project.id}`);
  const version = project.guideline_version;
  const about = [
    count(project.num_tasks, "task"), count(project.num_judgements, "judgement"),
    version === null ? "no guidelines" : `guidelines version ${version}`,
  ];
  return make(
    "li", "list-row",
    make("span", "grow", link, make("span", "hint", about.join(" · "))),
    ...(project.is_open ? [] : [make("span", "badge closed", "closed")]),
    make("span", "badge", project.kind),
  );
}

form.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  if (event.submitter?.getAttribute("value") !== "save") return;
  event.preventDefault(); // a refused form stays open
  const { name, kind, layout, guideline, ...fields } = form.elements;
  const body = {
    name: name.value.trim(), kind: kind.value, layout: layout.value,
    ...(guideline.value.trim() ? { guideline: guideline.value } : {}),
    ...Object.fromEntries(NUMBERS.map((each) => [each, Number(fields[each].value)])),
  };
  telling(async () => {
    const made = await call("POST", "/api/label/admin/projects", body);
    location.assign(rooted(`/label/manage/${made.id}`));
  });
});

wireClosing(dialog);
at("new-project").addEventListener("click", () => dialog.showModal());
at("new-project").disabled = false;
telling(async () => {
  const { projects } = await call("GET", "/api/label/admin/projects");
  at("projects").replaceChildren(...projects.map(line));
  at("projects").removeAttribute("aria-busy");
  at("projects").hidden = !projects.length;
  at("none").hidden = projects.length > 0;
});

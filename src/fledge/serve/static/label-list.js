// The labeller's page of projects: what each asks for, how far it is, and its guidelines.

import { call } from "./api.js";
import { at, make } from "./dom.js";
import { KINDS, minutes } from "./label-words.js";
import { rooted } from "./root.js";
import { telling } from "./toast.js";

/** @typedef {{done: number, skipped: number, seconds: number, tasks: number, judgements: number, wanted: number}} Progress */
/** @typedef {{id: string, name: string, kind: keyof typeof KINDS, guideline_version: number | null, progress: Progress}} Project */

function card(/** @type {Project} */ project) {
  const { progress } = project;
  const left = progress.wanted - progress.judgements;
  const link = /** @type {HTMLAnchorElement} */ (make("a", "button primary", progress.done ? "Continue" : "Start"));
  link.href = rooted(`/label/${project.id}`);
  link.setAttribute("aria-label", `${link.textContent} with ${project.name}`);
  const bar = /** @type {HTMLProgressElement} */ (make("progress", "progress"));
  bar.max = Math.max(1, progress.wanted);
  bar.value = progress.judgements;
  bar.setAttribute("aria-label", `Progress of ${project.name}`);
  return make(
    "article", "card project-card",
    make("h2", "", project.name, make("span", "badge", KINDS[project.kind].name)),
    make("p", "hint", KINDS[project.kind].about),
    bar,
    make("p", "hint", `${progress.judgements.toLocaleString()} of ${progress.wanted.toLocaleString()} judgements${left > 0 ? "" : ": complete"}`),
    make("p", "hint", ownWork(progress)),
    make("div", "row", link, ...guidelineLink(project)),
  );
}

function ownWork(/** @type {Progress} */ progress) {
  if (!progress.done && !progress.skipped) return "You haven't started yet.";
  const skipped = progress.skipped ? `, ${progress.skipped} skipped` : "";
  return `You: ${progress.done} done${skipped}, ${minutes(progress.seconds)}`;
}

function guidelineLink(/** @type {Project} */ project) {
  if (project.guideline_version === null) return [];
  const link = /** @type {HTMLAnchorElement} */ (make("a", "button", `Guidelines (v${project.guideline_version})`));
  link.href = rooted(`/label/${project.id}?guidelines=open`);
  link.setAttribute("aria-label", `${link.textContent} of ${project.name}`);
  return [link];
}

telling(async () => {
  const { projects } = await call("GET", "/api/label/projects");
  at("projects").replaceChildren(...projects.map(card));
  at("projects").removeAttribute("aria-busy");
  at("none").hidden = projects.length > 0;
});

// The task page: draw a task, show it, and hand in what the labeller says about it.

import { ApiError, call } from "./api.js";
import { at, make, setLabel, wireClosing } from "./dom.js";
import { banner, hide } from "./label-banners.js";
import { secondsWorked, startClock } from "./label-clock.js";
import { compareView } from "./label-compare.js";
import { demonstrateView } from "./label-demonstrate.js";
import { setUpDifferences, showDifferences } from "./label-differences.js";
import { flush, forget, keptHere, setUpDrafts, settle, startDraft } from "./label-draft.js";
import { setUpFoot, showKept } from "./label-foot.js";
import { hearVersion, setUpGuideline, toggleGuideline } from "./label-guideline.js";
import { setUpHistory } from "./label-history.js";
import { setUpKeys } from "./label-keys.js";
import { hearLease, watchLease } from "./label-lease.js";
import { showPrompt } from "./label-prompt.js";
import { rankView, show } from "./label-rank.js";
import { rateView } from "./label-rate.js";
import { setUpSkip } from "./label-skip.js";
import { judgement, letters, missing, onChange, restored, state, update, work } from "./label-state.js";
import { minutes } from "./label-words.js";
import { get, set } from "./storage.js";
import { telling, toast } from "./toast.js";

const PROJECT = document.body.dataset.project ?? "";
const VIEWS = { demonstrate: demonstrateView, rate: rateView, rank: rankView, compare: compareView };
const layoutKey = `fledge.label.layout.${PROJECT}`;
/** @type {import("./label-keys.js").View | null} */
let view = null;

/** Open a task with what is known of the labeller's work on it. */
function open(/** @type {import("./label-state.js").Task} */ task) {
  const here = keptHere(task.id);
  const kept = here && here.seconds >= task.seconds ? here : null; // the server may have newer work
  hide("refused");
  hide("older");
  Object.assign(state, {
    task,
    work: restored(kept?.draft ?? task.draft),
    layout: get("localStorage", layoutKey) ?? task.layout,
    shown: "",
    isBusy: false,
  });
  document.body.classList.remove("is-wide", "is-columns");
  startClock(Math.max(task.seconds, kept?.seconds ?? 0));
  startDraft();
  view = VIEWS[task.kind]();
  at("work").replaceChildren(view.node);
  showPrompt(task);
  at("notes").value = state.work.notes;
  at("notes-box").open = Boolean(state.work.notes);
  for (const id of ["task", "foot", "plain"]) at(id).hidden = false;
  at("nothing").hidden = true;
  at("task").removeAttribute("aria-busy");
  at("show-differences").hidden = letters().length < 2;
  at("layout").hidden = task.kind !== "rank";
  hearVersion(task.guideline_version);
  hearLease(task.expires_at);
  update();
  if (kept) work({}); // sends what the server has not got
  else if (here) {
    banner("older", "This browser has an older draft of this task.", [["Use it", () => work(restored(here.draft))]]);
  }
  show(view.card(task.kind === "rate" ? state.shown : letters()[0]) ?? view.node.querySelector("textarea"));
  scrollTo(0, 0);
}

/** Tell that there is no task to do, or why none can be shown. */
function close(/** @type {string} */ text) {
  state.task = view = null;
  for (const id of ["task", "foot", "plain", "layout", "show-differences"]) at(id).hidden = true;
  at("nothing").hidden = false;
  at("nothing").textContent = text;
}

/** Draw the next task. */
async function draw() {
  const { assignment, progress } = await call("POST", `/api/label/projects/${PROJECT}/draw`);
  showProgress(progress);
  if (assignment) open(assignment);
  else close("You have done everything that this project has for you. Thank you!");
}

function showProgress(/** @type {any} */ progress) {
  state.progress = progress;
  const { done, skipped, seconds, judgements, wanted } = progress;
  const own = done || skipped ? `You: ${done} done${skipped ? `, ${skipped} skipped` : ""}, ${minutes(seconds)}` : "Your first task";
  at("own-progress").textContent = `${own} · everyone: ${judgements.toLocaleString()} of ${wanted.toLocaleString()}`;
}

/** Finish the task by a request, and draw the next; a refusal leaves everything as it is. */
async function finish(/** @type {() => Promise<unknown>} */ ask, /** @type {string} */ done) {
  const { task } = state;
  if (!task || state.isBusy) return;
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  update({ isBusy: true });
  try {
    await ask();
    forget(task.id);
    await draw();
    toast(done, "Undo", undo);
  } catch (error) {
    refused(/** @type {ApiError} */ (error));
  } finally {
    update({ isBusy: false });
    if (state.task === task) focused?.focus();
  }
}

function refused(/** @type {ApiError} */ error) {
  if (error.status === 409 || error.status === 404) {
    banner("refused", `${error.message} What you entered is still here.`, [["Next task", () => telling(draw)]], true);
  } else toast(error.message);
}

function submit() {
  const left = missing();
  if (left) return toast(left);
  const { task } = state;
  finish(async () => {
    await settle();
    await call("POST", `/api/label/assignments/${task?.id}/submit`, judgement(secondsWorked()));
  }, "Submitted.");
}

/** Skip the task with a reason, once its draft is stored. */
function skip(/** @type {string} */ route, /** @type {object} */ body) {
  const { task } = state;
  finish(async () => {
    await flush();
    await call("POST", `/api/label/assignments/${task?.id}/${route}`, { ...body, seconds: secondsWorked() });
  }, "Skipped.");
}

/** Take back the last finished step; the open task keeps its draft. */
async function undo() {
  if (state.isBusy) return;
  await telling(async () => {
    await flush();
    const { assignment } = await call("POST", `/api/label/projects/${PROJECT}/undo`);
    open(assignment);
    toast("This is your last task again.");
  });
}

function setLayout() {
  if (state.task?.kind !== "rank") return;
  update({ layout: state.layout === "list" ? "columns" : "list" });
  set("localStorage", layoutKey, state.layout);
}

function paint() {
  if (!state.task) return;
  view?.paint();
  at("task").inert = state.isBusy; // what is typed meanwhile would belong to no task
  at("layout").setAttribute("aria-pressed", String(state.layout === "columns"));
  at("plain").setAttribute("aria-pressed", String(state.isPlain));
}

async function start() {
  const { projects } = await call("GET", "/api/label/projects");
  const project = projects.find((/** @type {any} */ each) => each.id === PROJECT);
  if (!project) return close("This project is closed.");
  state.project = project;
  at("project-name").textContent = project.name;
  document.title = `${project.name} · ${document.title}`;
  setUpGuideline(PROJECT, project.guideline_version);
  await draw();
}

onChange(paint);
setUpFoot(submit);
setUpDrafts(showKept, (answer) => {
  hearLease(answer.expires_at);
  hearVersion(answer.guideline_version);
});
setUpSkip(skip);
setUpDifferences();
setUpHistory(PROJECT);
watchLease(() => telling(() => flush(true)));
const openSkip = () => at("skip").click();
setUpKeys(() => view, {
  submit, undo, skip: openSkip, guideline: () => toggleGuideline(), layout: setLayout,
  differences: () => showDifferences(/** @type {HTMLElement | null} */ (document.activeElement?.closest("[data-letter]"))?.dataset.letter),
  plain: () => update({ isPlain: !state.isPlain }),
});
at("undo").addEventListener("click", undo);
at("layout").addEventListener("click", setLayout);
at("plain").addEventListener("click", () => update({ isPlain: !state.isPlain }));
at("show-differences").addEventListener("click", () => showDifferences());
at("notes").addEventListener("input", () => work({ notes: at("notes").value }));
for (const dialog of document.querySelectorAll("dialog")) wireClosing(dialog);
start().catch((error) => close(error.message));

// Sample answers: for one prompt, a row for each step and a column for each run.

import { call } from "./api.js";
import { shown } from "./dashboard-words.js";
import { at, make } from "./dom.js";

/** @typedef {import("./dashboard-data.js").RunData} RunData */
/** @typedef {{step: number, text: string, numbers: Record<string, number | string>, ended: boolean | null}} Answer */
/** @typedef {{prompt: string, reference: string, answers: Answer[]}} Sampled */

const NAMES = [["reward", "reward"], ["kl", "KL"], ["gold", "gold"], ["tokens", "tokens"]];

/** @type {Map<string, Sampled[]>} */
const found = new Map();

/** Read the samples of every run again, and show them if they changed. */
export async function readSamples(/** @type {RunData[]} */ runs) {
  const before = JSON.stringify([...found]);
  for (const run of runs) {
    const query = new URLSearchParams({ run: run.name });
    const samples = await call("GET", `/api/training/samples?${query}`).catch(() => null);
    if (samples) found.set(run.name, samples);
  }
  if (JSON.stringify([...found]) !== before) show(runs);
}

function show(/** @type {RunData[]} */ runs) {
  const prompts = [...new Set([...found.values()].flat().map((sampled) => sampled.prompt))];
  at("samples-part").hidden = prompts.length === 0;
  const chosen = at("prompt").value;
  at("prompt").replaceChildren(...prompts.map((prompt) => new Option(short(prompt), prompt)));
  if (prompts.includes(chosen)) at("prompt").value = chosen;
  at("prompt").onchange = () => showAnswers(runs);
  showAnswers(runs);
}

function showAnswers(/** @type {RunData[]} */ runs) {
  const prompt = at("prompt").value;
  const answered = (/** @type {RunData} */ run) => found.get(run.name)?.find((sampled) => sampled.prompt === prompt);
  const asked = runs.filter(answered);
  const columns = asked.map(answered);
  const reference = columns.find((sampled) => sampled?.reference)?.reference ?? "";
  at("reference").textContent = [prompt.length > 100 ? prompt : "", reference && `A person's answer: ${reference}`].filter(Boolean).join("\n");
  const steps = [...new Set(columns.flatMap((sampled) => sampled?.answers.map((answer) => answer.step) ?? []))];
  steps.sort((a, b) => b - a);
  at("answers-head").replaceChildren(make("tr", "", heading("Step", "col"), ...asked.map((run) => heading(run.name, "col"))));
  at("answers").replaceChildren(...steps.map((step) => make("tr", "", heading(step.toLocaleString("en"), "row"), ...columns.map((sampled) => {
    const answer = sampled?.answers.find((each) => each.step === step);
    return answer ? make("td", "", answer.text || "(empty)", make("p", "hint", numbersOf(answer))) : make("td");
  }))));
}

function numbersOf(/** @type {Answer} */ answer) {
  const words = NAMES.filter(([name]) => name in answer.numbers).map(([name, word]) => `${word} ${shown(Number(answer.numbers[name]))}`);
  if (answer.ended === false) words.push("cut off by the limit");
  return words.join(" · ");
}

const short = (/** @type {string} */ prompt) => (prompt.length > 100 ? `${prompt.slice(0, 100)}…` : prompt);

function heading(/** @type {string} */ words, /** @type {string} */ scope) {
  const node = make("th", "", words);
  node.setAttribute("scope", scope);
  return node;
}

// Tasks of a project: add them from text or a file, and put back those that were taken out.

import { ApiError, call, messageOf } from "./api.js";
import { at, make, textButton } from "./dom.js";
import { count } from "./label-words.js";
import { rooted } from "./root.js";
import { telling, toast } from "./toast.js";

const PROMPT = "Explain tides to a child.";
const ANSWERS = [{ id: "a", content: "The moon pulls on the sea." }, { id: "b", content: "It is the wind." }];
/** @type {Record<string, {responses: object[], gold: object}>} */
const EXAMPLES = {
  rank: { responses: [...ANSWERS, { id: "c", content: "Because of fish." }], gold: { ranking: [["a"], ["b", "c"]] } },
  compare: { responses: ANSWERS, gold: { best: "a" } },
  rate: { responses: ANSWERS, gold: { ratings: { a: 6 } } },
  demonstrate: { responses: ANSWERS.slice(0, 1), gold: {} },
};

/** Wire up the form, once; `read` shows the project anew. */
export function setUpTasks(/** @type {string} */ path, /** @type {string} */ kind, /** @type {() => Promise<void>} */ read) {
  const form = at("upload");
  const { lines, gold } = form.elements;
  const { responses, gold: right } = EXAMPLES[kind];
  at("example").textContent = JSON.stringify({ id: "tides", prompt: PROMPT, responses });
  at("gold-example").textContent = `"gold": ${JSON.stringify(right)}`;
  if (kind === "demonstrate") {
    gold.parentElement.hidden = true; // nobody can write one right answer
    at("gold-example").parentElement.hidden = true;
  }
  at("tasks-file").addEventListener("change", async () => {
    const [file] = at("tasks-file").files;
    if (file) lines.value = await file.text();
    at("tasks-file").value = ""; // the same file can be chosen again
  });
  form.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    telling(async () => {
      const added = await add(`${path}/tasks?gold=${gold.checked}`, lines.value);
      if (!added) return;
      toast(`${count(added.added, "task")} added${added.gold ? `, ${added.gold} of them gold` : ""}.`);
      lines.value = "";
      await read();
    });
  });
}

/** Send lines as they are. A refusal is shown line by line, and nothing of them is stored. */
async function add(/** @type {string} */ path, /** @type {string} */ lines) {
  const box = at("line-problems");
  box.hidden = true;
  const reply = await fetch(rooted(path), {
    method: "POST", headers: { "content-type": "application/jsonl" }, body: lines,
  }).catch(() => null);
  if (!reply) throw new ApiError("Can't reach the server. Is fledge still running?");
  if (reply.ok) return reply.json();
  const message = await messageOf(reply);
  box.hidden = false;
  const [first, ...others] = message.split("\n");
  box.replaceChildren(make("p", "", first), ...(others.length ? [make("ul", "", ...others.map((line) => make("li", "", line)))] : []));
  return null;
}

/** Show the tasks that were taken out of the queue, with a button that puts each back. */
export async function showWithdrawn(/** @type {string} */ path, /** @type {number} */ number) {
  at("withdrawn").hidden = !number;
  if (!number) return;
  const { tasks } = await call("GET", `${path}/tasks?withdrawn=true&limit=50`);
  at("withdrawn-list").replaceChildren(...tasks.map((/** @type {any} */ task) => {
    const back = textButton("Put back", () => telling(async () => {
      await call("PATCH", `/api/label/admin/tasks/${task.id}`, { is_withdrawn: false });
      await showWithdrawn(path, number - 1);
    }), "button small");
    const text = lastLine(task.prompt);
    back.setAttribute("aria-label", `Put back: ${text}`);
    return make("li", "list-row", make("span", "grow", text), back);
  }));
  if (number > tasks.length) at("withdrawn-list").append(make("li", "list-row hint", `and ${number - tasks.length} more`));
}

/** Return the last turn of a prompt, shortened. */
function lastLine(/** @type {{content: string}[]} */ prompt) {
  const text = prompt.at(-1)?.content ?? "";
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

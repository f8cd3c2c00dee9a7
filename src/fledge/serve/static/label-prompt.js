// The prompt of a task, turn by turn, and the line that says what to do with the answers.

import { at, make } from "./dom.js";
import { foldingText } from "./label-text.js";

const ROLES = { system: "Instructions", user: "Person", assistant: "Model" };

const HELP = {
  demonstrate: "Write the answer that you would like the model to give.",
  rate: "Rate each answer from 1 (very bad) to 7 (excellent), and tick what applies.",
  rank: "The best comes first. Drag an answer, or use its buttons; tie answers that are equally good.",
  compare: "Which answer is better?",
};

/** Show the prompt of a task and what it asks for. */
export function showPrompt(/** @type {import("./label-state.js").Task} */ task) {
  const isLong = task.prompt.length > 1;
  at("prompt").replaceChildren(...task.prompt.map((turn) => {
    const name = ROLES[/** @type {keyof typeof ROLES} */ (turn.role)] ?? turn.role;
    const text = foldingText(`${name}'s text`);
    text.show(turn, false);
    return make("div", "prompt-turn", make("h2", "prompt-role", isLong ? name : "Prompt"), text.frame);
  }));
  at("help").replaceChildren(HELP[task.kind], ...(task.kind === "rank" ? byKeys() : []));
}

function byKeys() {
  const key = (/** @type {string} */ name) => make("kbd", "", name);
  return [make("span", "by-keys", " Or press ", key("1"), "–", key("9"), ", ", key("↑"), " ", key("↓"), " on it; ",
    key("="), " ties it with the one above. ", key("?"), " shows all keys.")];
}

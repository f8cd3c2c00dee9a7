// The chat in the frame: a visitor's own, found again by a token that this browser keeps.

import { at } from "./dom.js";
import { sendOnEnter } from "./enter.js";
import { show } from "./widget-turns.js";

const assistant = document.body.dataset.assistant ?? "";
const KEY = `fledge.visitor.${assistant}`;
const EVERY = 4000; // milliseconds between looks whether a person has answered
const CAUTION = at("caution").textContent;

let token = localStorage.getItem(KEY);
let busy = false;
/** Whether there may be something new, as when a person is wanted: then the chat is read again. */
let waits = true;
let failed = false; // what went wrong is told until something goes well
/** @type {Promise<unknown>} the look that is under way */
let reading = Promise.resolve();

/** What the server refused; `status` 0 where it could not be reached. */
class Refused extends Error {
  constructor(/** @type {string} */ message, status = 0) {
    super(message);
    this.status = status;
  }
}

async function call(/** @type {string} */ method, /** @type {string} */ path, /** @type {object} */ body) {
  const headers = { "content-type": "application/json", "x-visitor": token ?? "" };
  const reply = await fetch(path, { method, headers, body: body && JSON.stringify(body) }).catch(() => {
    throw new Refused("The chat cannot be reached. Please try again.");
  });
  if (reply.ok) return reply;
  const told = await reply.json().catch(() => null); // a proxy tells no JSON
  throw new Refused(told?.error?.message ?? "That did not work. Please try again.", reply.status);
}

/** A token for somebody new; a visitor who only looks leaves no trace. */
async function visit() {
  if (token) return;
  const reply = await call("POST", `/api/widget/${assistant}/visits`, {});
  token = /** @type {string} */ ((await reply.json()).token);
  localStorage.setItem(KEY, token);
}

async function follow(/** @type {any} */ message, /** @type {string} */ runId) {
  const reply = await call("GET", `/api/widget/runs/${runId}/events`, undefined);
  let name = "";
  for await (const line of linesOf(reply.body)) {
    if (line.startsWith("event: ")) name = line.slice(7);
    if (!line.startsWith("data: ")) continue;
    const data = JSON.parse(line.slice(6));
    if (name === "end") return show(data.message);
    message.content = name === "snapshot" ? data.text : message.content + data.text;
    show(message);
  }
  throw new Refused("The answer was lost from sight.");
}

async function* linesOf(/** @type {ReadableStream<Uint8Array>} */ body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** Do one thing at a time, and tell where it fails. */
async function alone(/** @type {() => Promise<unknown>} */ work) {
  if (busy) return;
  busy = true;
  failed = false;
  try {
    await work();
  } catch (error) {
    failed = true;
    at("caution").textContent = error.message;
    lost(error);
  }
  busy = false;
  waits = true;
}

/** Send what was typed or pressed; it stays in the box until the server has it. */
async function say(/** @type {string} */ content) {
  if (!content) return;
  await alone(async () => {
    await reading;
    await visit();
    const reply = await (await call("POST", "/api/widget/chat/messages", { content })).json();
    if (at("message").value.trim() === content) at("message").value = "";
    reply.messages.forEach(show);
    if (reply.run_id) await follow(reply.messages[1], reply.run_id);
  });
}

function callPerson() {
  return alone(async () => {
    await reading;
    await visit();
    await call("POST", "/api/widget/chat/person", {});
    await look();
  });
}

/** Look whether there is something new; never fails, as the next look comes by itself. */
function read() {
  if (token && !busy) reading = look().then(followWritten).catch(lost);
}

/** Show the chat as it stands; what is being written in it, or nothing. */
async function look() {
  const chat = await (await call("GET", "/api/widget/chat", undefined)).json();
  chat.messages.forEach(show);
  waits = Boolean(chat.hand_over);
  const line = chat.hand_over ? personLine(chat.hand_over) : CAUTION;
  if (!failed && at("caution").textContent !== line) at("caution").textContent = line;
  return chat.messages.find((/** @type {any} */ message) => message.run_id);
}

/** Read along, as after a reload, but let nobody wait for it. */
function followWritten(/** @type {any} */ message) {
  if (message && !busy) alone(() => follow(message, message.run_id));
}

function personLine(/** @type {any} */ wanted) {
  return wanted.status === "taken"
    ? `You are talking with ${wanted.name ?? "a person"}, who can read this chat.`
    : "A person has been asked to come, and will be able to read this chat.";
}

/** A chat that is no longer there is begun anew; any other failure may pass. */
function lost(/** @type {unknown} */ error) {
  if (!(error instanceof Refused) || error.status !== 404) return;
  localStorage.removeItem(KEY);
  token = null;
}

at("composer").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  say(at("message").value.trim());
});
at("person").addEventListener("click", callPerson);
at("person").disabled = false; // until now it would have done nothing
for (const suggestion of document.querySelectorAll(".suggestion")) {
  suggestion.disabled = false;
  suggestion.addEventListener("click", () => say(suggestion.textContent ?? ""));
}
read();
sendOnEnter(at("message"), () => at("composer").requestSubmit());
setInterval(() => {
  if (waits && !document.hidden) read();
}, EVERY);

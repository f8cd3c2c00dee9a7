// Chat in the widget's frame: a visitor's own, found again by a token where the browser stores one.

import { sentence } from "./api.js";
import { at } from "./dom.js";
import { sendOnEnter } from "./enter.js";
import { rooted } from "./root.js";
import { get, remove, set } from "./storage.js";
import { show } from "./widget-turns.js";

const assistant = document.body.dataset.assistant ?? "";
const KEY = `fledge.visitor.${assistant}`;
const EVERY = 4000; // milliseconds between polls for a person's answer
const CAUTION = at("caution").textContent;
const PAGE = new URLSearchParams(location.search).get("page") ?? document.referrer;

let token = get("localStorage", KEY);
let busy = false;
/** True if there may be something new, as with a person in the chat: then it is polled. */
let waits = true;
let failed = false; // an error stays visible until something succeeds
/** @type {Promise<unknown>} the poll in progress */
let reading = Promise.resolve();

/** Error of a refused request; `status` 0 if the server cannot be reached. */
class Refused extends Error {
  constructor(/** @type {string} */ message, status = 0) {
    super(message);
    this.status = status;
  }
}

async function call(/** @type {string} */ method, /** @type {string} */ path, /** @type {object} */ body) {
  const headers = { "content-type": "application/json", "x-visitor": token ?? "" };
  const reply = await fetch(rooted(path), { method, headers, body: body && JSON.stringify(body) }).catch(() => {
    throw new Refused("Can't reach the chat. Please try again.");
  });
  if (reply.ok) return reply;
  const told = (await reply.json().catch(() => null))?.error?.message; // a proxy may send no JSON
  throw new Refused(told ? sentence(told) : "Something went wrong. Please try again.", reply.status);
}

/** Get a token before the first message; a visitor who only looks leaves no trace. */
async function visit() {
  if (token) return;
  const reply = await call("POST", `/api/widget/${assistant}/visits`, { page: PAGE.slice(0, 2000) });
  token = /** @type {string} */ ((await reply.json()).token);
  set("localStorage", KEY, token);
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
  throw new Refused("Lost the connection to the answer. Please try again.");
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

/** Do one thing at a time and show its error. */
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

/** Send a typed or suggested message; it stays in the box until the server has it. */
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

/** Poll for something new; a failure waits for the next poll. */
function read() {
  if (token && !busy) reading = look().then(followWritten).catch(lost);
}

/** Show the current chat and return the message being written, if any. */
async function look() {
  const chat = await (await call("GET", "/api/widget/chat", undefined)).json();
  chat.messages.forEach(show);
  waits = Boolean(chat.hand_over);
  const line = chat.hand_over ? personLine(chat.hand_over) : CAUTION;
  const returned = chat.returned ? "You're talking to the assistant again." : "";
  if (at("returned").textContent !== returned) at("returned").textContent = returned;
  if (!failed && at("caution").textContent !== line) at("caution").textContent = line;
  return chat.messages.find((/** @type {any} */ message) => message.run_id);
}

/** Follow an answer in progress, as after a reload, without blocking the caller. */
function followWritten(/** @type {any} */ message) {
  if (message && !busy) alone(() => follow(message, message.run_id));
}

function personLine(/** @type {any} */ wanted) {
  return wanted.status === "taken"
    ? `You're talking to ${wanted.name ?? "a person"}, who can read this chat.`
    : "We've asked someone to join. They can read this chat.";
}

/** Start a new chat if the old one is gone; other failures may pass. */
function lost(/** @type {unknown} */ error) {
  if (!(error instanceof Refused) || error.status !== 404) return;
  remove("localStorage", KEY);
  token = null;
}

at("composer").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  say(at("message").value.trim());
});
at("person").addEventListener("click", callPerson);
at("person").disabled = false; // before this script is here a click does nothing
for (const suggestion of document.querySelectorAll(".suggestion")) {
  suggestion.disabled = false;
  suggestion.addEventListener("click", () => say(suggestion.textContent ?? ""));
}
read();
sendOnEnter(at("message"), () => at("composer").requestSubmit());
setInterval(() => {
  if (waits && !document.hidden) read();
}, EVERY);

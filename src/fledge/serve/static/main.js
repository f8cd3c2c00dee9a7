// The chat page: events change the state, and the parts render it.

import {
  chatIsGone, openAssistant, openChat, refreshChat, showChat, startChat, wantPerson,
} from "./chat.js";
import { exportChat, loadChats } from "./chats.js";
import { pickModel, setUpComposer, showComposer, takeEnter } from "./composer.js";
import { at } from "./dom.js";
import { loadFolders, setUpFolders, showFolders } from "./folders.js";
import { setUpKeys } from "./keys.js";
import { openMenu } from "./menu.js";
import { watchModels } from "./models.js";
import { herePath, rooted } from "./root.js";
import { setUpPrompts } from "./prompts.js";
import { setUpScroll, showEnd } from "./scroll.js";
import { setUpSettings } from "./settings.js";
import { setUpShare } from "./share.js";
import { actions, showChats } from "./sidebar.js";
import { onRender, page, state, update } from "./state.js";
import { onAnnounced } from "./tabs.js";
import { askTitle, setUpTitle } from "./title.js";
import { telling } from "./toast.js";
import { showTurns } from "./turns.js";
import { showGreeting, showWelcome } from "./welcome.js";

const phone = matchMedia("(max-width: 48rem)");
/** @type {string | null} */
let shown = null; // id of the chat shown last
let personTimer = 0;

onRender((now) => {
  const id = now.chat.id ?? "";
  if (shown !== id) {
    shown = id;
    pickModel(now.chat.model);
    toggleMenu(false);
  }
  document.title = now.chat.title ? `${now.chat.title} · ${page.server_name}` : page.server_name;
  at("heading").textContent = now.chat.title || "Chat";
  at("temporary").setAttribute("aria-pressed", String(now.chat.temporary));
  at("temporary").disabled = now.chat.id !== null;
  at("chat-menu").disabled = now.chat.id === null;
  at("message").placeholder = `Message ${now.chat.assistant?.name ?? page.server_name}`;
  const caution = cautionOf(now);
  if (at("caution").textContent !== caution) at("caution").textContent = caution; // screen readers read it once
  const returned = now.chat.returned && !now.chat.hand_over ? "You're talking to the assistant again." : "";
  if (at("returned").textContent !== returned) at("returned").textContent = returned;
  lookForPerson(Boolean(now.chat.hand_over));
  showWelcome(at("welcome"), now);
  showGreeting(at("greeting"), now);
  showTurns(at("messages"), now);
  showFolders(at("folders"), now);
  showChats(at("chats"), now);
  showComposer(now);
  showEnd(now);
});

/** Return the line below the composer: who answers, and who can read the chat. */
function cautionOf(/** @type {typeof state} */ now) {
  const wanted = now.chat.hand_over;
  if (!now.connected) return "Connection lost. Reconnecting…";
  if (!wanted) return "Answers can be wrong. Check important information.";
  if (wanted.status === "waiting") return "We've asked someone to join. They can read this chat.";
  return `You're talking to ${wanted.name ?? "a person"}, who can read this chat.`;
}

/** Poll for answers while a person is in the chat. */
function lookForPerson(/** @type {boolean} */ wanted) {
  if (wanted) personTimer ||= setInterval(() => document.hidden || refreshChat().catch(() => {}), 4000);
  else personTimer = clearInterval(personTimer) ?? 0;
}

function toggleMenu(/** @type {boolean} */ isOpen) {
  document.body.classList.toggle("menu-open", isOpen);
  at("menu").setAttribute("aria-expanded", String(isOpen));
  at("sidebar").inert = phone.matches && !isOpen;
}

function startNew() {
  startChat({ model: at("model").value });
  history.pushState(null, "", rooted("/"));
  toggleMenu(false);
  at("message").focus();
}

function followAddress() {
  const [, kind, id] = /^\/([ac])\/([\w-]+)$/.exec(herePath()) ?? [];
  if (kind === "c") openChat(id);
  else if (kind === "a") openAssistant(id);
  else startChat({ model: at("model").value });
}

function setUpSidebar() {
  let timer = 0;
  at("search").addEventListener("input", () => {
    update({ query: at("search").value });
    clearTimeout(timer);
    timer = setTimeout(loadChats, 150);
  });
  at("archived").addEventListener("click", () => {
    update({ archived: !state.archived });
    at("archived").setAttribute("aria-pressed", String(state.archived));
    loadChats();
  });
  at("new-chat").addEventListener("click", startNew);
  at("menu").addEventListener("click", () =>
    toggleMenu(!document.body.classList.contains("menu-open")));
  at("scrim").addEventListener("click", () => toggleMenu(false));
  phone.addEventListener("change", () => toggleMenu(false));
  toggleMenu(false);
}

at("temporary").addEventListener("click", () => {
  state.chat.temporary = !state.chat.temporary;
  update();
});
at("chat-menu").addEventListener("click", () => {
  const { chat } = state;
  const items = chat.temporary
    ? [{ label: "Export as Markdown", icon: "download", act: () => exportChat(chat, "markdown") }]
    : [...personItems(chat), ...actions(/** @type {any} */ (chat), () => askTitle(/** @type {any} */ (chat)))];
  openMenu(at("chat-menu"), items);
});

/** Offer to hand a chat with an assistant over to a person. @returns {import("./menu.js").Item[]} */
function personItems(/** @type {import("./state.js").Chat} */ chat) {
  if (!chat.assistant) return [];
  const wanted = Boolean(chat.hand_over);
  const label = wanted ? "Return to assistant" : "Talk to a person";
  return [{ label, icon: "person", act: () => wantPerson(!wanted) }];
}

addEventListener("popstate", followAddress);
onAnnounced((chatId, isGone) => {
  loadChats();
  loadFolders();
  if (chatId === null || chatId !== state.chat.id) return;
  if (isGone) chatIsGone();
  else telling(refreshChat);
});

setUpSidebar();
setUpComposer();
setUpScroll();
setUpSettings();
setUpTitle();
setUpShare();
setUpPrompts();
setUpFolders();
setUpKeys({ startNew, closeMenu: () => toggleMenu(false) });
if (page.chat) showChat(page.chat);
else startChat({ assistant: page.assistant ?? null, model: page.assistant?.model ?? null });
pickModel(state.chat.model);
takeEnter();
watchModels();
loadFolders();
loadChats();

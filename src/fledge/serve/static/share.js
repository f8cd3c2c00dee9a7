// Shares a chat by a link: a dialog that creates, copies, updates and revokes it.

import { call } from "./api.js";
import { copyText } from "./copy.js";
import { at, wireClosing } from "./dom.js";
import { toast, telling } from "./toast.js";

/** @typedef {{audience: "everyone" | "people" | "nobody", link: {url: string, updated_at: number} | null}} ShareState */

const READERS = {
  everyone: "Anyone with the link can read this chat.",
  people: "People with an account on this server can read this chat.",
  nobody: "The owner of this server has turned off shared links, so nobody can open one.",
};
let chatId = "";

const path = () => `/api/conversations/${chatId}/share`;

/** Show the link of a chat, or offer to create one. */
export function askShare(/** @type {{id: string | null}} */ chat) {
  return telling(async () => {
    chatId = chat.id ?? "";
    show(await call("GET", path()));
    at("share-dialog").showModal();
  });
}

function show(/** @type {ShareState} */ { audience, link }, done = "") {
  at("share-readers").textContent = READERS[audience];
  at("share-link").hidden = at("share-revoke").hidden = at("share-copy").hidden = !link;
  at("share-put").textContent = link ? "Update" : "Create link";
  at("share-put").disabled = audience === "nobody";
  if (!link) return;
  at("share-url").value = link.url;
  const time = new Date(link.updated_at * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  at("share-time").textContent = `${done} Shows the chat as of ${time}. Update the link to include later messages.`.trim();
}

/** Wire up the dialog, once. */
export function setUpShare() {
  wireClosing(at("share-dialog"));
  at("share-put").addEventListener("click", () => telling(async () => {
    const done = at("share-link").hidden ? "Link created." : "Link updated.";
    show(await call("PUT", path()), done);
  }));
  at("share-copy").addEventListener("click", () => {
    at("share-url").select();
    copyText(at("share-url").value);
  });
  at("share-revoke").addEventListener("click", () => telling(async () => {
    await call("DELETE", path());
    at("share-dialog").close();
    toast("Link revoked. Nobody can open it any more.");
  }));
}

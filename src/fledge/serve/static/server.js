// The owner's page of the server: uploads a logo as soon as a file is chosen.

import { messageOf } from "./api.js";
import { at } from "./dom.js";
import { rooted } from "./root.js";
import { toast } from "./toast.js";

at("logo-file").disabled = false; // a file chosen before this script is here would be lost
at("logo-file").addEventListener("change", async () => {
  const file = at("logo-file").files[0];
  if (!file) return;
  at("logo-file").value = ""; // the same file can be chosen again
  const reply = await fetch(rooted("/api/server/logo"), { method: "PUT", body: file }).catch(() => null);
  if (reply?.ok) location.assign(rooted("/server?done=logo"));
  else toast(reply ? await messageOf(reply) : "Can't reach the server. Try again.");
});

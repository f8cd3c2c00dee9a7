// Gallery of assistants: starting a ready-made one creates one's own copy.

import { call } from "./api.js";
import { rooted } from "./root.js";
import { telling } from "./toast.js";

for (const button of document.querySelectorAll("[data-ready]")) {
  button.disabled = false; // before this script is here a click does nothing
  button.addEventListener("click", () => telling(async () => {
    const made = await call("POST", `/api/assistants/ready/${button.dataset.ready}`);
    location.assign(rooted(`/a/${made.id}`));
  }));
}

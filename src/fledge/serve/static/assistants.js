// The gallery of assistants: a ready-made one becomes one's own when it is started.

import { call } from "./api.js";
import { telling } from "./toast.js";

for (const button of document.querySelectorAll("[data-ready]")) {
  button.disabled = false; // until now it would have done nothing
  button.addEventListener("click", () => telling(async () => {
    const made = await call("POST", `/api/assistants/ready/${button.dataset.ready}`);
    location.assign(`/a/${made.id}`);
  }));
}

// One line in a shop's page puts an assistant into its corner:
//   <script src="https://your.server/static/widget.js" data-assistant="ID" async></script>
// It adds a round button that opens a frame, and touches nothing else on the page.
(() => {
  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  const server = new URL("..", script.src);
  const assistant = script.dataset.assistant ?? "";
  const place = { position: "fixed", right: "20px", zIndex: "2147483000", border: "0" };
  const colour = script.dataset.colour ?? "#3b5bdb";

  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-label", "Chat");
  button.setAttribute("aria-expanded", "false");
  button.textContent = "💬";
  Object.assign(button.style, place, {
    bottom: "20px", width: "56px", height: "56px", borderRadius: "50%", background: colour,
    color: "#fff", fontSize: "24px", cursor: "pointer", boxShadow: "0 6px 24px #0004",
  });

  /** @type {HTMLIFrameElement | null} */
  let frame = null;
  function build() {
    const made = document.createElement("iframe");
    const page = encodeURIComponent(location.origin + location.pathname); // shown to the staff
    made.src = `${server}widget/${encodeURIComponent(assistant)}?page=${page}`;
    made.title = "Chat";
    Object.assign(made.style, place, {
      bottom: "88px", width: "min(380px, calc(100vw - 40px))",
      height: "min(600px, calc(100vh - 108px))", borderRadius: "16px",
      boxShadow: "0 12px 48px #0004", colorScheme: "auto", background: "#fff",
    });
    document.body.append(made);
    return made;
  }

  button.addEventListener("click", () => {
    const isOpen = button.getAttribute("aria-expanded") === "true";
    frame ??= build();
    frame.style.display = isOpen ? "none" : "block";
    button.setAttribute("aria-expanded", String(!isOpen));
    button.textContent = isOpen ? "💬" : "✕";
  });
  document.body.append(button);
})();

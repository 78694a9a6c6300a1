// Live pages: an element with data-stream names an event stream of HTML pieces. A "live" event holds all that moves with prices,
// "live-moved" what of it moved since, a "book" event what changed with a row of the ledger; each piece replaces the element with
// the same data-live or data-book key. What did not change is left alone, so that open details, focus and selection stay. When live
// pieces come or go (an account ended, or began its first day) all are sent: the page is another one and is loaded again.
(() => {
  const SILENT_AFTER_MS = 9000;
  const RELOAD_AFTER_MS = 3000; // of a page's life, so that it can never do nothing but load
  const ASK_AGAIN_MS = 5000;
  const STILL_AFTER_MS = 4000;
  const root = document.querySelector("[data-stream]");
  if (!root) return;
  let source = null;
  let silence = 0;
  let over = false;

  const say = (state) => document.documentElement.setAttribute("data-connection", state);

  const heard = () => {
    say("open");
    clearTimeout(silence);
    silence = setTimeout(() => say("lost"), SILENT_AFTER_MS);
  };

  // Where many pages wait for their turns, or no price comes, a page that is connected shows what is older than a few seconds: the dot
  // beside "Data as of" breathes only while the time beside it moves on.
  const stamp = () => document.querySelector(".asof time")?.dateTime ?? "";
  let newest = stamp();
  let movedAt = -Infinity;
  const look = () => {
    if (stamp() > newest) { newest = stamp(); movedAt = Date.now(); }
    document.documentElement.toggleAttribute("data-still", Date.now() - movedAt > STILL_AFTER_MS);
  };
  look();
  setInterval(look, 1000);

  const keys = (scope) => [...scope.querySelectorAll("[data-live]")].map((piece) => piece.dataset.live).sort().join();

  let another = false;
  const place = (html, kind, whole = false) => {
    const box = document.createElement("template");
    box.innerHTML = html;
    if (whole) another = keys(box.content) !== keys(document);
    if (another && performance.now() > RELOAD_AFTER_MS) { close(); location.reload(); return; }
    for (const fresh of box.content.querySelectorAll(`[data-${kind}]`)) {
      const shown = document.querySelector(`[data-${kind}="${CSS.escape(fresh.dataset[kind])}"]`);
      if (!shown || shown.outerHTML === fresh.outerHTML) continue;
      shown.replaceWith(fresh);
      if (kind === "book") window.htmx?.process(fresh);
      document.dispatchEvent(new CustomEvent("evenhand:placed", { detail: fresh }));
    }
  };

  const open = () => {
    if (source || over) return;
    source = new EventSource(root.dataset.stream);
    source.addEventListener("live", (event) => { heard(); place(event.data, "live", true); });
    source.addEventListener("live-moved", (event) => { heard(); place(event.data, "live"); });
    source.addEventListener("book", (event) => { heard(); place(event.data, "book"); });
    source.addEventListener("ping", heard);
    source.addEventListener("signed-out", () => end("signed-out"));
    source.addEventListener("over", () => end("none"));
    source.addEventListener("error", () => { if (source) lost(); });
  };

  const close = () => {
    if (source) source.close();
    source = null;
    clearTimeout(silence);
  };

  const end = (state) => { over = true; close(); say(state); };

  // The browser comes back by itself while there is a way to come; it does not after a "no", so we ask what the no was.
  const lost = async () => {
    say("lost");
    if (source.readyState !== EventSource.CLOSED) return;
    close();
    const asked = new AbortController();
    const answer = await fetch(root.dataset.stream, { signal: asked.signal }).catch(() => null);
    asked.abort();
    if (answer?.status === 401) end("signed-out");
    else if (answer?.status === 403 || answer?.status === 404) location.reload(); // what they may see has changed: the page says so
    else setTimeout(() => { if (!document.hidden) open(); }, ASK_AGAIN_MS);
  };

  // Only while somebody looks: a hidden tab costs the firm nothing.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  if (!document.hidden) open();
})();

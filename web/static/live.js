// Live pages: an element with data-stream names an event stream of HTML pieces; each piece replaces the element on the page
// with the same data-live key. What did not change is left alone, so that open details, focus and selection stay. When pieces
// come or go (an account ended, or began its first day) the page is another one and is loaded again.
(() => {
  const SILENT_AFTER_MS = 9000;
  const RELOAD_AFTER_MS = 3000; // of a page's life, so that it can never do nothing but load
  const root = document.querySelector("[data-stream]");
  if (!root) return;
  let source = null;
  let silence = 0;

  const say = (state) => document.documentElement.setAttribute("data-connection", state);

  const heard = () => {
    say("open");
    clearTimeout(silence);
    silence = setTimeout(() => say("lost"), SILENT_AFTER_MS);
  };

  const place = (html) => {
    const box = document.createElement("template");
    box.innerHTML = html;
    const keys = (scope) => [...scope.querySelectorAll("[data-live]")].map((piece) => piece.dataset.live).sort().join();
    if (keys(box.content) !== keys(document) && performance.now() > RELOAD_AFTER_MS) { close(); location.reload(); return; }
    for (const fresh of box.content.querySelectorAll("[data-live]")) {
      const shown = document.querySelector(`[data-live="${CSS.escape(fresh.dataset.live)}"]`);
      if (!shown || shown.outerHTML === fresh.outerHTML) continue;
      shown.replaceWith(fresh);
      document.dispatchEvent(new CustomEvent("evenhand:placed", { detail: fresh }));
    }
  };

  const open = () => {
    if (source) return;
    source = new EventSource(root.dataset.stream);
    source.addEventListener("live", (event) => { heard(); place(event.data); });
    source.addEventListener("ping", heard);
    source.addEventListener("ended", () => { close(); say("lost"); });
    source.addEventListener("error", () => { if (source) say("lost"); });
  };

  const close = () => {
    if (source) source.close();
    source = null;
    clearTimeout(silence);
  };

  // Only while somebody looks: a hidden tab costs the firm nothing.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  if (!document.hidden) open();
})();

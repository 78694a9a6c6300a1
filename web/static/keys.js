// Keyboard: / search, g then a letter to go somewhere, j and k through a list, Enter to open, ? for help, Esc to leave.
(() => {
  const help = document.querySelector("#keys");
  let afterG = false;
  let at = -1;

  const typing = (target) => target.closest("input, textarea, select, [contenteditable]");

  const step = (by) => {
    const rows = [...document.querySelectorAll("tr.linked, .account-card")];
    if (!rows.length) return;
    rows[at]?.classList.remove("at");
    at = Math.min(rows.length - 1, Math.max(0, at + by));
    rows[at].classList.add("at");
    rows[at].querySelector("a")?.focus();
    rows[at].scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
    if (typing(event.target)) return;
    if (afterG) {
      afterG = false;
      const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    if (event.key === "g") { afterG = true; setTimeout(() => { afterG = false; }, 1500); }
    else if (event.key === "/") { const search = document.querySelector("[type=search]"); if (search) { event.preventDefault(); search.focus(); search.select(); } }
    else if (event.key === "?") help?.showModal();
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
  });

  document.addEventListener("click", (event) => {
    const opener = event.ctrlKey || event.metaKey ? null : event.target.closest("[data-opens]");
    const opened = opener && document.getElementById(opener.dataset.opens);
    if (opened) { event.preventDefault(); opened.showModal(); return; }
    const copier = event.target.closest("[data-copy]");
    if (copier) {
      navigator.clipboard?.writeText(copier.dataset.copy);
      const said = copier.querySelector("span");
      if (said) { said.textContent = "Copied"; setTimeout(() => { said.textContent = "Copy"; }, 1500); }
      return;
    }
    const row = event.target.closest("tr.linked");
    if (row && !event.target.closest("a, button, summary, input") && !String(getSelection())) row.querySelector("a")?.click();
  });

  for (const hidden of document.querySelectorAll("[data-needs-script]")) hidden.hidden = false;
  document.querySelector("[data-summary]")?.focus();
})();

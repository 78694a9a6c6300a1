// The shell: the palette (Ctrl+K, ⌘K), fetched when it is first wanted; toasts that are said aloud and can be dismissed. Without it there is
// a page for the one, and the other stands.
(() => {
  const PALETTE = "/find";
  let fetching = false;

  const work = (palette) => {
    const typed = palette.querySelector("input");
    const all = [...palette.querySelectorAll("[role=option]")];
    const none = palette.querySelector("[data-none]");
    let at = -1;

    const shown = () => all.filter((each) => !each.hidden);

    const choose = (place) => {
      const open = shown();
      at = open.length ? (place + open.length) % open.length : -1;
      for (const each of all) each.setAttribute("aria-selected", String(each === open[at]));
      if (at < 0) typed.removeAttribute("aria-activedescendant");
      else { typed.setAttribute("aria-activedescendant", open[at].id); open[at].scrollIntoView({ block: "nearest" }); }
    };

    const narrow = () => {
      const text = typed.value.trim();
      const words = text.toLocaleLowerCase().split(/\s+/);
      for (const each of all) {
        if (each.dataset.text) {
          each.hidden = !text || (each.dataset.sends && /[\d@]/.test(text));  // no name has those
          each.textContent = each.dataset.text.replace("{text}", () => text);
        } else each.hidden = !words.every((word) => each.textContent.toLocaleLowerCase().includes(word));
      }
      none.hidden = shown().length > 0;
      choose(0);
    };

    const go = (option) => {
      const form = option?.dataset.sends && document.getElementById(option.dataset.sends);
      if (form) { form.elements.name.value = typed.value.trim(); form.submit(); }  // a name stands in no address
      else if (option) location.assign(option.dataset.href ?? option.dataset.search + encodeURIComponent(typed.value.trim()));
    };

    typed.addEventListener("input", narrow);
    typed.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) { event.preventDefault(); choose(at + step); }
      else if (event.key === "Enter") { event.preventDefault(); go(shown()[at]); }
    });
    palette.addEventListener("click", (event) => {
      if (event.target === palette) palette.close();
      else go(event.target.closest("[role=option]"));
    });
    palette.opened = (early, entered) => {
      typed.value = early;
      narrow();
      typed.focus();
      if (entered) go(shown()[at]);
    };
  };

  const fetched = async () => {
    const answer = await fetch(PALETTE, { headers: { "HX-Request": "true" } });
    const palette = answer.ok && !answer.redirected && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#palette");
    if (!palette) throw new Error(String(answer.status));
    document.body.append(palette);
    work(palette);
    return palette;
  };

  const open = async () => {
    if (fetching) return;
    fetching = true;
    let early = "", entered = false;  // what is typed before there is a field for it
    const typing = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (event.key === "Enter") entered = early !== "";
      else if (event.key === "Backspace") early = early.slice(0, -1);
      else if (event.key.length === 1 && !entered) early += event.key;
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    document.addEventListener("keydown", typing, true);
    try {
      const palette = document.querySelector("#palette") ?? await fetched();
      if (palette.open) return;
      document.querySelector("dialog[open]")?.close();
      palette.showModal();
      palette.opened(early, entered);
    } catch { location.assign(PALETTE); } finally { document.removeEventListener("keydown", typing, true); fetching = false; }
  };

  const opener = document.querySelector("[data-opens=palette]");
  if (opener) {
    opener.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      open();
    });
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") { event.preventDefault(); open(); }
    });
  }

  // A live region speaks of what changes in it, and not of what it came with.
  const toasts = document.querySelector(".toasts");
  const said = toasts ? [...toasts.children] : [];
  if (said.length) { toasts.replaceChildren(); requestAnimationFrame(() => toasts.replaceChildren(...said)); }
  document.addEventListener("click", (event) => {
    const dismissed = event.target.closest("[data-dismisses]");
    if (dismissed) { dismissed.closest(".toast").remove(); document.querySelector("h1")?.focus(); }
  });
})();

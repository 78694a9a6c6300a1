// Times in the reader's own zone, and the countdown to the reset between two events of the stream.
(() => {
  // The language of the page, as Intl names it: the digits of Arabic pages are those of their prices.
  const language = document.querySelector("#main").closest("[lang]").lang;
  const locale = { en: "en-GB", ar: "ar-u-nu-latn" }[language] ?? language;
  const words = new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

  const span = (seconds, units) => {
    const parts = [[86400, units[0]], [3600, units[1]], [60, units[2]], [1, units[3]]];
    const said = [];
    let left = Math.max(0, seconds);
    for (const [size, unit] of parts) {
      const amount = Math.floor(left / size);
      left -= amount * size;
      if (amount) said.push(`${amount}\u00a0${unit}`);
    }
    return said.slice(0, 2).join(" ") || `0\u00a0${units[3]}`;
  };

  const local = (scope) => {
    for (const row of scope.querySelectorAll("[data-own-zone]")) {
      const time = row.querySelector("time");
      const name = row.querySelector("[data-zone-name]");
      name.dataset.zoneName ||= name.textContent;
      name.textContent = `${name.dataset.zoneName} (${zone})`;
      time.textContent = words.format(new Date(time.dateTime));
      row.hidden = false;
    }
  };

  // A piece says how long it was to the reset when it was made, and when that was: it may be sent to a browser that comes much later.
  // The first one was made for this very page, so it also tells by how much this machine's clock is off. Clocks go on while a machine
  // sleeps; performance.now() need not. Firm time may be simulated: the server says anew how long it is when it does not run as a clock.
  const first = document.querySelector("[data-told-ms]");
  const skew = first ? Number(first.dataset.toldMs) - Date.now() : 0;
  const tick = () => {
    for (const shown of document.querySelectorAll("[data-countdown-s]")) {
      const passed = (Date.now() + skew - Number(shown.dataset.toldMs)) / 1000;
      const units = (shown.dataset.units ?? "d h min s").split(" ");
      shown.textContent = span(Math.round(Number(shown.dataset.countdownS) - passed), units);
    }
  };

  document.addEventListener("evenhand:placed", (event) => {
    if (event.detail.querySelector?.("[data-countdown-s]")) { tick(); local(event.detail.parentElement); }
  });
  local(document);
  setInterval(tick, 1000);
})();

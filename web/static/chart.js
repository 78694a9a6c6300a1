// The equity chart: uPlot over the picture the server drew, from the same figures. Without this file the picture stays.
(() => {
  const draw = async (box) => {
    const answer = await fetch(box.dataset.chart, { headers: { accept: "application/json" } });
    if (!answer.ok || !window.uPlot) return;
    const given = await answer.json();
    if (given.at_s.length < 2) return;
    const unit = 10 ** given.exponent;
    const scaled = (minor) => minor.map((value) => value / unit);
    const ink = (name) => { const probe = document.createElement("i"); probe.style.color = `var(${name})`; document.body.append(probe); const value = getComputedStyle(probe).color; probe.remove(); return value; };
    const kinds = { floor: "--bad", target: "--good", start: "--ink-faint" };
    const font = "500 11px Inter, system-ui, sans-serif";
    const money = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
    const exact = new Intl.NumberFormat("en-GB", { minimumFractionDigits: given.exponent, maximumFractionDigits: given.exponent });
    const when = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
    const levels = given.lines.map((line) => Array(given.at_s.length).fill(line.level / unit));
    const read = box.querySelector("[data-reading]");
    const accent = ink("--info");
    const short = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", hour: "2-digit", minute: "2-digit" });
    const long = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
    const wide = given.at_s[given.at_s.length - 1] - given.at_s[0] > 86400;
    const axis = { stroke: ink("--ink-faint"), font, grid: { stroke: ink("--line"), width: 1 }, ticks: { show: false } };
    const picture = box.querySelector("svg.chart");
    const options = {
      width: box.clientWidth - 24,
      height: Math.max(220, Math.round(picture.getBoundingClientRect().height)),
      tzDate: (at) => window.uPlot.tzDate(new Date(at * 1e3), "Etc/UTC"),
      cursor: { points: { size: 7 }, y: false },
      legend: { show: false },
      scales: { y: { range: (_u, low, high) => { const room = (high - low || 1) / 14; return [low - room, high + room]; } } },
      axes: [{ ...axis, space: wide ? 110 : 70, values: (_u, ticks) => ticks.map((tick) => (wide ? long : short).format(new Date(tick * 1e3))) }, { ...axis, side: 1, size: 74, values: (_u, ticks) => ticks.map((tick) => money.format(tick)) }],
      series: [
        {},
        { label: "Equity", stroke: accent, width: 2, fill: accent.replace("rgb(", "rgba(").replace(")", ", 0.08)"), points: { show: false } },
        { label: "Balance", stroke: ink("--ink-faint"), width: 1.25, dash: [3, 3], points: { show: false }, paths: window.uPlot.paths.stepped({ align: 1 }) },
        ...given.lines.map((line) => ({ label: line.label, stroke: ink(kinds[line.kind]), width: 1.25, dash: line.kind === "start" ? [2, 4] : [], points: { show: false } })),
      ],
      hooks: {
        setCursor: [(plot) => {
          const at = plot.cursor.idx;
          if (read && at != null) read.textContent = `${when.format(new Date(given.at_s[at] * 1e3))} UTC · equity ${exact.format(plot.data[1][at])} · balance ${exact.format(plot.data[2][at])} ${given.currency}`;
        }],
      },
    };
    const stage = document.createElement("div");
    picture.after(stage);
    const plot = new window.uPlot(options, [given.at_s, scaled(given.equity), scaled(given.balance), ...levels], stage);
    picture.remove();
    new ResizeObserver(() => plot.setSize({ width: box.clientWidth - 24, height: options.height })).observe(box);
  };
  for (const box of document.querySelectorAll("[data-chart]")) draw(box);
})();

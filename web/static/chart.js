// The equity chart: uPlot over the picture the server drew, from the same figures, and on from there while the page is live.
// Without this file the picture stays.
(() => {
  const REFETCH_AFTER_MS = 4000; // the figures are asked for again when the book changed, but not more often than this
  const KINDS = { floor: "--bad", daily: "--bad", target: "--good", start: "--line-strong" };
  const DASHES = { daily: [7, 3], start: [2, 4] };
  const FONT = "500 11px Inter, system-ui, sans-serif";
  const UTC = { timeZone: "UTC", hour: "2-digit", minute: "2-digit" };
  const short = new Intl.DateTimeFormat("en-GB", UTC);
  const long = new Intl.DateTimeFormat("en-GB", { ...UTC, day: "numeric", month: "short" });
  const when = new Intl.DateTimeFormat("en-GB", { ...UTC, day: "numeric", month: "short", second: "2-digit" });
  const round = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

  const ink = (name) => {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  };

  const figures = async (box) => {
    const answer = await fetch(box.dataset.chart, { headers: { accept: "application/json" } }).catch(() => null);
    const given = answer?.ok ? await answer.json() : null;
    return given && given.at_s.length > 1 ? given : null;
  };

  // One column each for time, equity, balance and every line, in whole units of the currency.
  const columns = (given) => {
    const scaled = (minor) => minor.map((value) => (value === null ? null : value / 10 ** given.exponent));
    return [given.at_s, scaled(given.equity), scaled(given.balance), ...given.lines.map((line) => scaled(line.levels))];
  };

  const named = (given) => (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.font = `${11 * devicePixelRatio}px Inter, system-ui, sans-serif`;
    ctx.textAlign = "right";
    ctx.textBaseline = "bottom"; // the axes leave another one behind, which would strike the label through
    given.lines.forEach((line, place) => {
      const level = plot.data[place + 3].at(-1);
      const y = level === null ? null : plot.valToPos(level, "y", true);
      if (y === null || y < bbox.top || y > bbox.top + bbox.height) return;
      ctx.fillStyle = ink(KINDS[line.kind] === "--line-strong" ? "--ink-soft" : KINDS[line.kind]);
      ctx.fillText(line.label, bbox.left + bbox.width - 6, y - 2 * devicePixelRatio);
    });
    ctx.restore();
  };

  const options = (box, picture, given) => {
    const accent = ink("--info");
    const stepped = window.uPlot.paths.stepped({ align: 1 });
    const exact = new Intl.NumberFormat("en-GB", { minimumFractionDigits: given.exponent, maximumFractionDigits: given.exponent });
    const read = box.querySelector("[data-reading]");
    const wide = given.at_s.at(-1) - given.at_s[0] > 86400;
    const axis = { stroke: ink("--ink-faint"), font: FONT, grid: { stroke: ink("--line"), width: 1 }, ticks: { show: false } };
    const lines = given.lines.map((line) => ({ label: line.label, stroke: ink(KINDS[line.kind]), width: 1.25, dash: DASHES[line.kind] ?? [], points: { show: false }, paths: stepped }));
    const say = (plot) => {
      const at = plot.cursor.idx;
      if (read && at != null) read.textContent = `${when.format(new Date(plot.data[0][at] * 1e3))} UTC · equity ${exact.format(plot.data[1][at])} · balance ${exact.format(plot.data[2][at])} ${given.currency}`;
    };
    return {
      width: box.clientWidth - 24,
      height: Math.max(220, Math.round(picture.getBoundingClientRect().height)),
      tzDate: (at) => window.uPlot.tzDate(new Date(at * 1e3), "Etc/UTC"),
      cursor: { points: { size: 7 }, y: false },
      legend: { show: false },
      scales: { y: { range: (_plot, low, high) => { const room = (high - low || 1) / 14; return [low - room, high + room]; } } },
      axes: [
        { ...axis, space: wide ? 110 : 70, values: (_plot, ticks) => ticks.map((tick) => (wide ? long : short).format(new Date(tick * 1e3))) },
        { ...axis, side: 1, size: 74, values: (_plot, ticks) => ticks.map((tick) => round.format(tick)) },
      ],
      series: [
        {},
        { label: "Equity", stroke: accent, width: 2, fill: accent.replace("rgb(", "rgba(").replace(")", ", 0.08)"), points: { show: false } },
        { label: "Balance", stroke: ink("--ink-faint"), width: 1.25, dash: [3, 3], points: { show: false }, paths: stepped },
        ...lines,
      ],
      hooks: { setCursor: [say], draw: [named(given)] },
    };
  };

  const draw = async (box) => {
    const picture = box.querySelector("svg.chart");
    if (!picture) return begin(box);
    let given = window.uPlot ? await figures(box) : null;
    if (!given) return;
    const stage = document.createElement("div");
    picture.after(stage);
    const plot = new window.uPlot(options(box, picture, given), columns(given), stage);
    picture.remove();
    new ResizeObserver(() => plot.setSize({ width: box.clientWidth - 24, height: plot.height })).observe(box);

    const again = async () => {
      const fresh = await figures(box);
      if (!fresh || fresh.lines.length !== given.lines.length) return;
      given = fresh;
      plot.setData(columns(given));
    };
    let waiting = 0;
    document.addEventListener("evenhand:placed", ({ detail: piece }) => {
      if (piece.dataset.book && !waiting) waiting = setTimeout(() => { waiting = 0; again(); }, REFETCH_AFTER_MS);
      if (piece.dataset.equity) add(plot, given, piece.dataset);
    });
  };

  // A live mark: it takes the place of the last one within its second, and the lines go on at their level.
  const add = (plot, given, { atUs, equity, balance }) => {
    const at = Math.floor(Number(atUs) / 1e6);
    const last = plot.data[0].at(-1);
    if (at < last) return;
    const unit = 10 ** given.exponent;
    const point = [at, Number(equity) / unit, Number(balance) / unit];
    plot.setData(plot.data.map((column, place) => [...(at === last ? column.slice(0, -1) : column), point[place] ?? column.at(-1)]));
  };

  // Nothing to draw yet: the page is loaded again once there is.
  const begin = (box) => document.addEventListener("evenhand:placed", async ({ detail: piece }) => {
    if (piece.dataset.book && (await figures(box))) location.reload();
  });

  for (const box of document.querySelectorAll("[data-chart]")) draw(box);
})();

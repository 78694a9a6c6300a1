// The equity chart: uPlot over the picture the server drew, from the same figures, and on from there while the page is live.
// Without this file the picture stays.
(() => {
  const REFETCH_AFTER_MS = 4000; // the figures are asked for again when the book changed, but not more often than this
  const PLACES = 12; // along a line where its name may stand
  const KINDS = { floor: "--bad", daily: "--bad", target: "--good", start: "--line-strong" };
  const DASHES = { daily: [7, 3], start: [2, 4] };
  const FONT = "500 11px Inter, system-ui, sans-serif";
  // The language of the page, as Intl names it: the digits of Arabic pages are those of their prices.
  const language = document.querySelector("#main").closest("[lang]").lang;
  const locale = { en: "en-GB", ar: "ar-u-nu-latn" }[language] ?? language;
  const inside = (word) => (language === "en" ? word.toLowerCase() : word);
  const apart = (figure) => (language === "ar" ? `\u2068${figure}\u2069` : figure);
  const UTC = { timeZone: "UTC", hourCycle: "h23", hour: "2-digit", minute: "2-digit" };
  const short = new Intl.DateTimeFormat(locale, UTC);
  const long = new Intl.DateTimeFormat(locale, { ...UTC, day: "numeric", month: "short" });
  const when = new Intl.DateTimeFormat(locale, { ...UTC, day: "numeric", month: "short", second: "2-digit" });
  const round = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });

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

  // Whether any curve but the line's own (`own`, a row of the data) runs through a box of the drawing.
  const struck = (plot, own, box) => {
    const near = 3 * devicePixelRatio;
    const at = plot.data[0].map((second) => plot.valToPos(second, "x", true));
    const first = Math.max(0, at.findIndex((x) => x >= box.left) - 1);
    const beyond = at.findIndex((x) => x > box.right);
    const last = beyond < 0 ? at.length : beyond + 1;
    return plot.data.some((levels, row) => {
      if (row === 0 || row === own) return false;
      const heights = levels.slice(first, last).filter((level) => level != null).map((level) => plot.valToPos(level, "y", true));
      return heights.length > 0 && Math.min(...heights) < box.bottom + near && Math.max(...heights) > box.top - near;
    });
  };

  // Where trading days begin, behind everything else.
  const days = (given) => (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = ink("--ink-faint");
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([1, 4].map((long) => long * devicePixelRatio));
    for (const { at_s: at } of given.days) {
      const x = Math.round(plot.valToPos(at, "x", true)) + 0.5;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  };

  // A line's name stands beside it where nothing runs through the name: above or below its end, else its beginning, else between.
  const named = (given) => (plot) => {
    const { ctx, bbox } = plot, taken = [], pad = 6 * devicePixelRatio, gap = 3 * devicePixelRatio, high = 12 * devicePixelRatio;
    const right = bbox.left + bbox.width, low = bbox.top + bbox.height;
    ctx.save();
    ctx.font = `${11 * devicePixelRatio}px Inter, system-ui, sans-serif`;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle"; // the axes leave another one behind, which would strike the name through
    given.lines.forEach((line, place) => {
      const levels = plot.data[place + 3], wide = ctx.measureText(line.label).width;
      const between = Array.from({ length: PLACES - 1 }, (_, at) => bbox.left + (bbox.width - wide) * (at + 1) / PLACES);
      const boxes = [right - pad - wide, bbox.left + pad, ...between]
        .map((left) => [left, levels[plot.posToIdx((left + wide / 2 - bbox.left) / devicePixelRatio)]])
        .filter(([, level]) => level != null)
        .flatMap(([left, level]) => { const y = plot.valToPos(level, "y", true); return [y - gap - high, y + gap].map((top) => ({ left, right: left + wide, top, bottom: top + high })); })
        .filter((box) => box.top >= bbox.top && box.bottom <= low);
      const apart = (box) => taken.every((other) => box.right < other.left || box.left > other.right || box.bottom < other.top || box.top > other.bottom);
      const box = boxes.find((one) => apart(one) && !struck(plot, place + 3, one)) ?? boxes.find(apart) ?? boxes[0];
      if (!box) return;
      taken.push(box);
      ctx.fillStyle = ink(KINDS[line.kind] === "--line-strong" ? "--ink-soft" : KINDS[line.kind]);
      ctx.fillText(line.label, box.left, box.top + high / 2);
    });
    ctx.restore();
  };

  // The second under the cursor, and the point that held then: the last one before it, however long the curve stood still.
  const held = (plot) => {
    const { left } = plot.cursor;
    if (left == null || left < 0) return null;
    const second = Math.round(plot.posToVal(left, "x"));
    return { second, place: Math.max(0, plot.data[0].findLastIndex((at) => at <= second)) };
  };

  // A dot on each curve, where the cursor stands and not where the point lies that held.
  const dots = (plot) => ["--info", "--ink-faint"].map((name) => {
    const dot = document.createElement("i");
    dot.className = "chart-dot";
    dot.style.background = ink(name);
    dot.hidden = true; // until the cursor comes
    plot.over.prepend(dot); // equity's over the balance's where they are the same
    return dot;
  });

  const options = (box, picture, given) => {
    let marks = [];
    const accent = ink("--info");
    const stepped = window.uPlot.paths.stepped({ align: 1 });
    const exact = new Intl.NumberFormat(locale, { minimumFractionDigits: given.exponent, maximumFractionDigits: given.exponent });
    const read = box.querySelector("[data-reading]");
    const wide = given.at_s.at(-1) - given.at_s[0] > 86400;
    const axis = { stroke: ink("--ink-faint"), font: FONT, grid: { stroke: ink("--line"), width: 1 }, ticks: { show: false } };
    const lines = given.lines.map((line) => ({ label: line.label, stroke: ink(KINDS[line.kind]), width: 1.25, dash: DASHES[line.kind] ?? [], points: { show: false }, paths: stepped }));
    const say = (plot) => {
      const at = held(plot);
      marks.forEach((dot, row) => {
        dot.hidden = !at;
        if (at) dot.style.transform = `translate(${plot.cursor.left}px, ${plot.valToPos(plot.data[row + 1][at.place], "y")}px)`;
      });
      if (read && at) read.textContent = `${when.format(new Date(at.second * 1e3))} UTC · ${inside(box.dataset.equity)} ${apart(exact.format(plot.data[1][at.place]))} · ${inside(box.dataset.balance)} ${apart(`${exact.format(plot.data[2][at.place])} ${given.currency}`)}`;
    };
    return {
      width: box.clientWidth - 24,
      height: Math.max(220, Math.round(picture.getBoundingClientRect().height)),
      tzDate: (at) => window.uPlot.tzDate(new Date(at * 1e3), "Etc/UTC"),
      cursor: { points: { show: false }, y: false },
      legend: { show: false },
      scales: { y: { range: (_plot, low, high) => { const room = (high - low || 1) / 14; return [low - room, high + room]; } } },
      axes: [
        { ...axis, space: wide ? 110 : 70, values: (_plot, ticks) => ticks.map((tick) => (wide ? long : short).format(new Date(tick * 1e3))) },
        { ...axis, side: 1, size: 74, values: (_plot, ticks) => ticks.map((tick) => round.format(tick)) },
      ],
      series: [
        {},
        { label: box.dataset.equity, stroke: accent, width: 2, fill: accent.replace("rgb(", "rgba(").replace(")", ", 0.08)"), points: { show: false } },
        { label: box.dataset.balance, stroke: ink("--ink-faint"), width: 1.25, dash: [3, 3], points: { show: false }, paths: stepped },
        ...lines,
      ],
      hooks: { ready: [(plot) => { marks = dots(plot); }], drawAxes: [days(given)], setCursor: [say], draw: [named(given)] },
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
    stage.tabIndex = 0;
    stage.setAttribute("role", "img");
    stage.setAttribute("aria-label", picture.getAttribute("aria-label"));
    stage.setAttribute("aria-describedby", "chart-said");
    stage.addEventListener("keydown", (event) => read(plot, event));
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

  // The arrow keys move the reading through the curve: by a point, with Shift by twenty; Home and End to its ends.
  const read = (plot, event) => {
    const last = plot.data[0].length - 1, step = event.shiftKey ? 20 : 1, at = held(plot)?.place ?? last;
    const to = { ArrowLeft: at - step, ArrowRight: at + step, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const idx = Math.min(last, Math.max(0, to));
    plot.setCursor({ left: plot.valToPos(plot.data[0][idx], "x"), top: 0 });
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

// The timeline: all rows as SVG up to MOST_SVG of them; above, a canvas that has those in sight.

const MOST_SVG = 2000;
const AXIS = 26;
const PIECE = 24;

class Timeline {
  constructor(data, open) {
    this.length = Math.max(data.length, 1);
    this.open = open;
    this.box = $("timeline");
    this.space = $("rows");
    this.cursor = h("div", { class: "cursor" });
    this.rows = [];
    this.at = 0;
    this.zoom = false;
    this.box.addEventListener("scroll", () => this.later(), { passive: true });
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("focus", () => this.move(this.at, false));
    this.space.addEventListener("click", (event) => this.click(event));
  }

  show(rows) {
    const before = this.rows[this.at];
    this.rows = rows;
    this.at = Math.max(0, before ? rows.indexOf(before) : 0);
    const coarse = matchMedia("(pointer: coarse), (max-width: 600px)").matches;
    const [high, low] = coarse ? [30, 24] : [24, 18];
    this.tops = new Float64Array(rows.length + 1);
    rows.forEach((row, k) => (this.tops[k + 1] = this.tops[k] + (row.kind === "cluster" ? high : low)));
    this.isSvg = rows.length <= MOST_SVG;
    this.draw();
  }

  get height() {
    return this.tops[this.rows.length];
  }

  draw() {
    const width = Math.max(this.box.clientWidth, 280);
    this.frame = { width, left: width < 600 ? 118 : 216, length: this.length, char: width < 600 ? 6.7 : 7.3 };
    this.space.replaceChildren();
    this.space.style.height = this.isSvg ? "" : `${this.height}px`;
    if (this.isSvg) this.drawSvg();
    else this.beginCanvas();
    this.space.append(this.cursor);
    this.mark();
    document.documentElement.dataset.painted = this.isSvg ? "svg" : "canvas";
  }

  // The time axis: that of the run, or with the zoom that of the rows which are drawn.
  drawAxis(rows) {
    const { width, left } = this.frame;
    const [from, to] = this.zoom ? reach(rows, this.length) : [0, this.length];
    const scale = (width - left - 16) / (to - from);
    const x = (at) => left + (Math.min(Math.max(at, from), to) - from) * scale;
    Object.assign(this.frame, { from, to, x });
    this.ticks = ticks(to - from, Math.max(2, Math.floor((width - left) / 80)), from);
    const axis = $("axis");
    axis.setAttribute("viewBox", `0 0 ${width} ${AXIS}`);
    axis.setAttribute("width", width);
    axis.setAttribute("height", AXIS);
    axis.replaceChildren(
      ...this.ticks.map((tick) => s("text", { x: x(tick.at), y: 17, "text-anchor": x(tick.at) > left + 16 ? "middle" : "start" }, tick.text)),
    );
    const end = axis.lastChild;
    if (end && this.ticks.length > 1 && x(this.ticks.at(-1).at) > width - 30) end.setAttribute("text-anchor", "end");
  }

  // In pieces, so that a printer can go to the next page between two clusters.
  drawSvg() {
    this.drawAxis(this.rows);
    for (let first = 0, end; first < this.rows.length; first = end) {
      end = Math.min(first + PIECE, this.rows.length);
      while (end < this.rows.length && this.rows[end].kind !== "cluster" && end < first + 2 * PIECE) end++;
      this.space.append(this.piece(first, end));
    }
    this.canvas = null;
  }

  piece(first, end) {
    const { width, x } = this.frame;
    const above = this.tops[first];
    const height = this.tops[end] - above;
    const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "rows", "aria-hidden": "true" });
    if (!first) svg.append(hatching());
    for (const tick of this.ticks) svg.append(s("path", { d: `M${x(tick.at)},0V${height}`, class: "grid" }));
    for (let k = first; k < end; k++) {
      const [row, top] = [this.rows[k], this.tops[k] - above];
      const group = s("g", { class: "row" });
      group.append(s("title", {}, sentence(row)));
      if (row.kind === "cluster" && k) group.append(s("path", { d: `M0,${top + 0.5}H${width}`, class: "grid" }));
      paintRow(svgPainter(group), row, top, this.tops[k + 1] - this.tops[k], this.frame);
      svg.append(group);
    }
    return svg;
  }

  beginCanvas() {
    this.canvas = h("canvas", { class: "rows" });
    this.space.append(this.canvas);
    this.drawCanvas();
  }

  drawCanvas() {
    const { width } = this.frame;
    const height = Math.max(Math.min(this.box.clientHeight - AXIS, this.height), 1);
    const context = sized(this.canvas, width, height);
    const colours = coloursNow();
    const painter = canvasPainter(context, colours, hatchOf(context, colours));
    const top = Math.min(this.box.scrollTop, Math.max(this.height - height, 0));
    const [first, last] = [this.rowAt(top), this.rowAt(top + height - 1)];
    this.drawAxis(this.rows.slice(first, last + 1));
    context.fillStyle = colours.line;
    for (const tick of this.ticks) context.fillRect(this.frame.x(tick.at), 0, 1, height);
    for (let k = first; k <= last; k++) {
      const y = this.tops[k] - top;
      if (this.rows[k].kind === "cluster") {
        context.fillStyle = colours.line;
        context.fillRect(0, y, width, 1);
      }
      paintRow(painter, this.rows[k], y, this.tops[k + 1] - this.tops[k], this.frame);
    }
  }

  // Scrolling draws at most once a frame.
  later() {
    if (!this.canvas || this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      if (this.canvas) this.drawCanvas();
    });
  }

  rowAt(y) {
    let [low, high] = [0, this.rows.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tops[middle] <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  click(event) {
    if (!this.rows.length) return;
    this.move(this.rowAt(event.clientY - this.space.getBoundingClientRect().top), false);
    this.open(this.rows[this.at]);
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || !this.rows.length) return;
    const row = this.rows[this.at];
    const seen = this.box.clientHeight - AXIS;
    const to = {
      ArrowDown: this.at + 1,
      ArrowUp: this.at - 1,
      PageDown: Math.max(this.rowAt(this.tops[this.at] + seen), this.at + 1),
      PageUp: Math.min(this.rowAt(Math.max(this.tops[this.at] - seen, 0)), Math.max(this.at - 1, 0)),
      Home: 0,
      End: this.rows.length - 1,
      ArrowLeft: row.parent ? this.rows.indexOf(row.parent) : this.at,
      ArrowRight: row.pools.length && this.rows[this.at + 1]?.parent === row ? this.at + 1 : this.at,
    }[event.key];
    if (event.key === "Enter" || event.key === " ") this.open(row);
    else if (to === undefined) return;
    else this.move(to < 0 ? this.at : to);
    event.preventDefault();
  }

  move(to, scroll = true) {
    this.at = Math.min(Math.max(to, 0), this.rows.length - 1);
    this.mark();
    if (!scroll || this.at < 0) return;
    const [top, bottom] = [this.tops[this.at], this.tops[this.at + 1]];
    const seen = this.box.clientHeight - AXIS;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (bottom > this.box.scrollTop + seen) this.box.scrollTop = bottom - seen;
  }

  mark() {
    const row = this.rows[this.at];
    this.cursor.hidden = !row;
    $("current").textContent = row ? sentence(row) : "";
    if (!row) return;
    this.cursor.style.top = `${this.tops[this.at]}px`;
    this.cursor.style.height = `${this.tops[this.at + 1] - this.tops[this.at]}px`;
  }
}

function sentence(row) {
  const began = row.history.find((moment) => moment.state === "sending") ?? row.history[0];
  const lasted = began && row.history.length > 1 ? `, ${lasting(row.history.at(-1).at - began.at)}` : "";
  const said = row.error ? `: ${row.error.code ?? ""} ${row.error.message ?? ""}` : "";
  return `${t(row.kind)} ${row.title}, ${stateWord(row.state)}${lasted}${said}`;
}

// A canvas of a size in CSS pixels, sharp on any screen.
function sized(canvas, width, height) {
  const dense = Math.min(window.devicePixelRatio || 1, 3);
  canvas.width = Math.round(width * dense);
  canvas.height = Math.round(height * dense);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.scale(dense, dense);
  return context;
}

// The whole fleet in one small picture: a line for each row, the worst last so that it is seen.
function drawOverview(timeline) {
  const canvas = $("overview");
  const { rows, length } = timeline;
  const width = canvas.parentElement.clientWidth;
  const height = 170;
  const context = sized(canvas, width, height);
  const colours = coloursNow();
  const thick = Math.max(height / Math.max(rows.length, 1), 1);
  const x = (at) => (at / length) * (width - 8) + 4;
  const dense = Math.max(Math.min((1.6 * height) / Math.max(rows.length, 1), 0.8), 0.07); // what lies above each other adds up
  const late = [];
  rows.forEach((row, k) => {
    const { bars, points } = marksOf(row, length);
    const y = (k / rows.length) * height;
    for (const bar of bars) {
      if (bar.state === "planned" || bar.state === "unknown" || bar.faint) continue;
      context.globalAlpha = dense;
      context.fillStyle = colours[bar.state === "accepted" ? "step-b" : fillOf(bar)];
      context.fillRect(x(bar.from), y, Math.max(x(bar.to) - x(bar.from), 1), thick);
    }
    for (const point of points) late.push([point.state === "ready" ? 0 : 1, x(point.at), y, colours[point.state]]);
  });
  for (const [bad, at, y, colour] of late.sort((one, other) => one[0] - other[0])) {
    context.globalAlpha = bad ? 0.9 : Math.min(dense * 6, 1);
    context.fillStyle = colour;
    context.fillRect(at - 1, y, 2, Math.max(thick, 1));
  }
}

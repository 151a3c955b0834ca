// What is drawn of a row, and how: the same for SVG and for a canvas.

const STATES = ["planned", "sending", "accepted", "refused", "unknown", "ready", "failed", "deleting", "deleted"];
const FINAL = new Set(["ready", "failed", "refused", "deleted"]);
const SHAPES = {
  ready: "M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0",
  failed: "M-5.5,-3L-3,-5.5L0,-2.5L3,-5.5L5.5,-3L2.5,0L5.5,3L3,5.5L0,2.5L-3,5.5L-5.5,3L-2.5,0Z",
  refused: "M0,-6L6,0L0,6L-6,0Z",
  unknown: "M0,-6L6,5L-6,5Z",
  deleted: "M-4,-4H4V4H-4Z",
};

// Bars {state, from, to, step, faint} and points {state, at}; times are clipped to those of the run.
function marksOf(row, length) {
  const bars = [];
  const points = [];
  const within = (at) => Math.min(Math.max(at, 0), length);
  const { history } = row;
  const last = history.at(-1);
  if (!last || (last.at < 0 && FINAL.has(row.state))) {
    return { bars: [{ state: row.state, from: 0, to: length, step: 0, faint: true }], points };
  }
  let state = "accepted";
  let step = 0;
  history.forEach((moment, k) => {
    const isState = STATES.includes(moment.state);
    [state, step] = isState ? [moment.state, 0] : [state, step + 1];
    const next = history[k + 1];
    const to = within(next ? next.at : length);
    if (isState && state in SHAPES && moment.at >= 0) points.push({ state, at: within(moment.at) });
    if (to > 0 && !FINAL.has(state)) bars.push({ state, from: within(moment.at), to, step, faint: false });
  });
  return { bars, points };
}

const fillOf = (bar) => (bar.state === "accepted" && bar.step ? (bar.step % 2 ? "step-a" : "step-b") : bar.state);

// A painter has bar(x, y, width, height, fill, faint), point(x, y, state) and label(x, y, text, isCluster).
function paintRow(painter, row, top, height, frame) {
  const isCluster = row.kind === "cluster";
  const middle = top + height / 2;
  const thick = isCluster ? Math.round(height * 0.5) : Math.round(height * 0.36);
  const indent = isCluster ? 8 : row.parent ? 22 : 8;
  const text = isCluster || row.parent ? row.name : row.title;
  painter.label(indent, middle, shortened(text, Math.floor((frame.left - indent - 6) / frame.char)), isCluster);
  const { bars, points } = marksOf(row, frame.length);
  for (const bar of bars) {
    if (bar.to < frame.from || bar.from > frame.to) continue;
    const x = frame.x(bar.from);
    const high = bar.state === "planned" ? 2 : thick;
    painter.bar(x, middle - high / 2, Math.max(frame.x(bar.to) - x, 1), high, fillOf(bar), bar.faint);
  }
  for (const point of points) if (point.at >= frame.from && point.at <= frame.to) painter.point(frame.x(point.at), middle, point.state);
}

// From when to when something happened to rows, besides waiting; for a zoom.
function reach(rows, length) {
  let [from, to] = [Infinity, -Infinity];
  for (const row of rows) {
    for (const moment of row.history) {
      if (moment.state === "planned" || moment.at < 0) continue;
      from = Math.min(from, moment.at);
      to = Math.max(to, moment.at);
    }
  }
  if (from >= to) return [0, length];
  const whole = 10 ** Math.max(Math.floor(Math.log10(to - from)), 2) / 2; // so that it does not tremble
  return [Math.floor(from / whole) * whole, Math.min(Math.ceil(to / whole) * whole, Math.max(length, to))];
}

function svgPainter(parent) {
  return {
    bar(x, y, width, height, fill, faint) {
      const attributes = { x: x.toFixed(1), y, width: width.toFixed(1), height, class: `f-${fill}${faint ? " faint" : ""}` };
      if (fill === "unknown") attributes.fill = "url(#hatch)";
      parent.append(s("rect", attributes));
    },
    point(x, y, state) {
      parent.append(s("path", { d: SHAPES[state], transform: `translate(${x.toFixed(1)},${y})`, class: `p f-${state}` }));
    },
    label(x, y, text, isCluster) {
      parent.append(s("text", { x, y: y + 4, class: isCluster ? "name" : "name pool" }, text));
    },
  };
}

function canvasPainter(context, colours, hatch) {
  const paths = Object.fromEntries(Object.entries(SHAPES).map(([state, shape]) => [state, new Path2D(shape)]));
  return {
    bar(x, y, width, height, fill, faint) {
      context.globalAlpha = faint ? 0.3 : 1;
      context.fillStyle = fill === "unknown" ? hatch : colours[fill];
      context.fillRect(x, y, width, height);
      context.globalAlpha = 1;
    },
    point(x, y, state) {
      context.save();
      context.translate(x, y);
      context.fillStyle = colours[state];
      context.strokeStyle = colours.card;
      context.lineWidth = 1.5;
      context.stroke(paths[state]);
      context.fill(paths[state]);
      context.restore();
    },
    label(x, y, text, isCluster) {
      context.font = isCluster ? "600 12px ui-monospace, monospace" : "11px ui-monospace, monospace";
      context.fillStyle = isCluster ? colours.ink : colours.soft;
      context.fillText(text, x, y + 4);
    },
  };
}

const COLOURS = [...STATES, "step-a", "step-b", "card", "ink", "soft", "line"];

function coloursNow() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

// Stripes for what is unknown: a pattern of SVG, and one of a canvas.
function hatching() {
  const pattern = s("pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  pattern.append(s("rect", { width: 2.6, height: 6, class: "f-unknown" }));
  const defs = s("defs");
  defs.append(pattern);
  return defs;
}

function hatchOf(context, colours) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const brush = tile.getContext("2d");
  brush.strokeStyle = colours.unknown;
  brush.lineWidth = 2;
  for (const x of [-6, 0, 6]) {
    brush.moveTo(x - 1, 7);
    brush.lineTo(x + 7, -1);
  }
  brush.stroke();
  return context.createPattern(tile, "repeat");
}

// Throughput and concurrency over time, as two small SVG charts.

const CHART = 132;

function drawCharts(data) {
  const { series, goal } = data;
  const counts = series.clusters.map((count, k) => count + series.node_pools[k]);
  const perSecond = counts.reduce((sum, count) => sum + count, 0) / Math.max(data.length / 1000, 1e-9);
  chart("throughput", t(`throughput.${goal}`), data.length, [{ values: counts, name: goal, bars: true }]);
  const mean = perSecond < 1 ? t("average.minute", { n: short(perSecond * 60) }) : t("average.second", { n: short(perSecond) });
  $("throughput-note").textContent = `${t("bars", { n: lasting(series.seconds * 1000) })} · ${mean}`;
  const layers = goal === "deleted"
    ? [{ values: series.building, name: "deleting", word: "deleting" }]
    : [{ values: series.building, name: "accepted", word: "building" }, { values: series.calling, name: "sending", word: "calling" }];
  chart("concurrency", t("concurrency"), data.length, layers);
  const keys = [...layers].reverse().flatMap(({ values, name, word }) => [
    h("span", { class: `key s-${name}` }, t(word)), ` ${t("at_most", { n: Math.max(...values) })} `,
  ]);
  $("concurrency-note").replaceChildren(...keys);
}

function short(number) {
  return number >= 100 ? String(Math.round(number)) : String(Number(number.toPrecision(2)));
}

function chart(id, title, length, layers) {
  const place = $(id);
  const isEmpty = !length || layers.every((layer) => layer.values.every((value) => !value));
  place.closest(".chart").hidden = isEmpty; // as of a report that took no time
  const width = Math.max(place.clientWidth, 200);
  const [left, right, top, bottom] = [34, 6, 8, 20];
  const most = Math.max(...layers.flatMap((layer) => layer.values), 0);
  const above = ceiling(most);
  const x = (part) => left + part * (width - left - right);
  const y = (value) => CHART - bottom - (value / above) * (CHART - top - bottom);
  const svg = s("svg", { viewBox: `0 0 ${width} ${CHART}`, width, height: CHART, role: "img", "aria-label": `${title}: ${t("at_most", { n: most })}` });
  for (const value of [0, above / 2, above].filter(Number.isInteger)) {
    svg.append(s("path", { d: `M${left},${y(value)}H${width - right}`, class: "grid" }));
    svg.append(s("text", { x: left - 5, y: y(value) + 4, "text-anchor": "end" }, short(value)));
  }
  for (const tick of ticks(Math.max(length, 1), Math.max(2, Math.floor(width / 90)))) {
    const at = x(tick.at / Math.max(length, 1));
    const anchor = at > width - 24 ? "end" : tick.at ? "middle" : "start";
    svg.append(s("text", { x: at, y: CHART - 5, "text-anchor": anchor }, tick.text));
  }
  for (const layer of layers) svg.append(s("path", { d: outline(layer, x, y), class: `area f-${layer.name}` }));
  place.replaceChildren(svg);
}

function outline({ values, bars }, x, y) {
  const count = values.length;
  const steps = values.map((value, k) => {
    if (bars) return value ? `M${x(k / count)},${y(0)}V${y(value)}H${x((k + 0.82) / count)}V${y(0)}Z` : "";
    return `V${y(value)}H${x((k + 1) / count)}`;
  });
  return bars ? steps.join("") || "M0,0" : `M${x(0)},${y(0)}${steps.join("")}V${y(0)}Z`;
}

function ceiling(most) {
  if (most <= 0) return 1;
  const size = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 4, 6, 8, 10].map((each) => each * size).find((each) => each >= most);
}

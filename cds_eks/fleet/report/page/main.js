// What happens when the page opens, and when its switches are used.

async function begin() {
  words.all = JSON.parse($("words").textContent);
  words.lang = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
  const data = await read("data");
  const rows = rowsOf(data);
  const details = new Details(data);
  const open = (row) => details.open(row);
  const timeline = new Timeline(data, open);
  const failures = new Failures(open);
  const hide = (hidden, ...elements) => elements.forEach((element) => (element.hidden = hidden));
  hide(false, $("live"), $("language"), $("theme"), ...document.querySelectorAll(".chart"));

  function filter() {
    const states = new Set([...document.querySelectorAll("[name=state]:checked")].map((box) => box.value));
    const sought = $("name").value.trim().toLowerCase();
    const withPools = $("pools").checked;
    const chosen = new Set();
    for (const row of rows) {
      const named = row.sought.includes(sought) || (row.parent && row.parent.name.toLowerCase().includes(sought));
      if (!named || !states.has(row.state) || (row.kind === "node_pool" && !withPools)) continue;
      chosen.add(row);
      if (row.parent) chosen.add(row.parent); // a pool is shown below its cluster, whatever that one's state
    }
    return rows.filter((row) => chosen.has(row));
  }

  function show() {
    const chosen = filter();
    hide(chosen.length > 0, $("none"));
    hide(!chosen.length, $("timeline"));
    hide(chosen.length <= MOST_SVG, $("overview-section"));
    timeline.zoom = $("zoom").checked;
    timeline.show(chosen);
    if (chosen.length > MOST_SVG) drawOverview(timeline);
    failures.show(chosen);
    $("matched").textContent = t("rows", { shown: chosen.length, all: rows.length });
    document.documentElement.dataset.rows = String(chosen.length);
  }

  function redraw() {
    drawCharts(data);
    timeline.draw();
    if (!$("overview-section").hidden) drawOverview(timeline);
  }

  // What the timeline shows, which is more than how items have ended.
  const met = new Set(["planned", "sending", "accepted"]);
  for (const row of rows) {
    met.add(row.state);
    for (const moment of row.history) met.add(moment.state);
  }

  function speak(lang) {
    say(lang);
    const { verdict, n, all } = $("verdict").dataset;
    $("verdict").textContent = t(`verdict.${verdict}`, { n, all, goal: t(`state.${data.goal}`) });
    $("language").textContent = t("language");
    $("language").lang = lang === "zh" ? "en" : "zh-CN";
    const shown = STATES.filter((state) => met.has(state));
    $("legend").replaceChildren(...shown.map((state) => h("li", { class: `s-${state}` }, sample(state), t(`state.${state}`))));
    if ([...met].some((state) => !STATES.includes(state))) $("legend").append(h("li", {}, sample("step-a"), t("step")));
    drawCharts(data);
    show();
    if (details.box.open) details.draw();
  }

  let typing = 0;
  $("filters").addEventListener("change", show);
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("name").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(show, 120);
  });
  $("reset").addEventListener("click", () => {
    $("filters").reset();
    show();
    $("timeline").focus();
  });
  $("language").addEventListener("click", () => speak(words.lang === "zh" ? "en" : "zh"));
  themes(redraw);
  $("overview").addEventListener("click", (event) => {
    const row = Math.floor((event.offsetY / $("overview").clientHeight) * timeline.rows.length);
    timeline.move(row);
    timeline.box.scrollTop = timeline.tops[timeline.at] - timeline.box.clientHeight / 2;
    timeline.box.focus({ preventScroll: true });
  });
  let width = innerWidth;
  addEventListener("resize", () => {
    if (width === innerWidth) return; // a phone's address bar came or went
    width = innerWidth;
    drawCharts(data);
    show();
  });
  addEventListener("beforeprint", () => {
    failures.most = Infinity;
    failures.draw();
  });
  $("zoom").checked = $("zoom").defaultChecked = rows.length > MOST_SVG; // else each would be a dot
  speak(words.lang);
}

function sample(state) {
  const svg = s("svg", { viewBox: "0 0 18 14", width: 18, height: 14, "aria-hidden": "true" });
  if (state in SHAPES) svg.append(s("path", { d: SHAPES[state], transform: "translate(9,7)", class: `f-${state}` }));
  else svg.append(s("rect", { x: 0, y: state === "planned" ? 6 : 3, width: 18, height: state === "planned" ? 2 : 8, class: `f-${state}` }));
  return svg;
}

// Light or dark: as the system has it, until the switch is used. Paper is light.
function themes(redraw) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  $("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    redraw();
  });
  system.addEventListener("change", redraw);
  let before;
  addEventListener("beforeprint", () => {
    before = root.dataset.theme;
    root.dataset.theme = "light";
    redraw();
  });
  addEventListener("afterprint", () => {
    if (before) root.dataset.theme = before;
    else delete root.dataset.theme;
    redraw();
  });
}

function broken(error) {
  $("broken").hidden = false;
  $("broken").lastElementChild.textContent = String(error?.message ?? error);
  document.documentElement.dataset.broken = "";
}

addEventListener("error", (event) => broken(event.error ?? event.message));
begin().catch((error) => {
  broken(error);
  console.error(error);
});

// The table of what failed or is unknown: what a report has as `failures` and `unknown`.

const AT_ONCE = 100;

class Failures {
  constructor(open) {
    this.open = open;
    this.place = $("failures");
    this.rows = [];
    this.most = AT_ONCE;
  }

  show(rows) {
    this.rows = rows.filter((row) => row.isTroubled);
    this.most = AT_ONCE;
    this.draw();
  }

  draw() {
    const parts = [h("h2", {}, t("table"), " ", h("small", {}, String(this.rows.length)))];
    if (!this.rows.length) parts.push(h("p", {}, t("table.none")));
    else {
      if (this.rows.some((row) => row.state === "unknown" || row.state === "sending")) {
        parts.push(h("p", { class: "hint" }, t("unknown.help")));
      }
      const names = ["name", "state", "message", "request", "ids"];
      const head = h("tr", {}, ...names.map((name) => h("th", { scope: "col" }, t(`table.${name}`))));
      const body = h("tbody", {}, ...this.rows.slice(0, this.most).map((row) => this.line(row)));
      parts.push(h("table", { class: "failures" }, h("thead", {}, head), body));
      const rest = this.rows.length - this.most;
      if (rest > 0) {
        const more = () => {
          this.most += AT_ONCE * 5;
          this.draw();
        };
        const text = t("table.more", { n: Math.min(rest, AT_ONCE * 5) });
        parts.push(h("button", { type: "button", class: "more", click: more }, text));
      }
    }
    this.place.replaceChildren(...parts);
  }

  line(row) {
    const error = row.error ?? {};
    const said = [...(error.code ? [h("b", {}, error.code), " "] : []), error.message ?? error.class ?? ""];
    const name = h("button", { type: "button", class: "link", click: () => this.open(row) }, row.title);
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      cell("state", h("span", { class: `state s-${row.state}` }, stateWord(row.state))),
      cell("message", h("div", { class: "clamped" }, ...said)),
      cell("request", ...(row.request ? [h("code", {}, row.request)] : [])),
      cell("ids", ...Object.entries(row.ids).map(([key, id]) => h("code", { title: key }, id))),
    );
  }
}

function cell(name, ...children) {
  return h("td", { "data-label": t(`table.${name}`), class: `c-${name}` }, ...children);
}

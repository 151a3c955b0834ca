// All that is known of one cluster or node pool, in a dialog.

class Details {
  constructor(data) {
    this.data = data;
    this.box = $("details");
    this.row = null;
    this.box.addEventListener("click", (event) => {
      if (event.target === this.box) this.box.close();
    });
  }

  open(row) {
    this.row = row;
    this.draw();
    if (!this.box.open) this.box.showModal();
  }

  draw() {
    const { row } = this;
    if (!row) return;
    const facts = [
      ["table.state", h("span", { class: `state s-${row.state}` }, stateWord(row.state))],
      ["details.origin", row.origin && (words.all[words.lang][`origin.${row.origin}`] ?? row.origin)],
      ["details.cluster", row.kind === "node_pool" && row.cluster],
      ["details.vpc", row.vpc && h("code", {}, row.vpc)],
      ["details.replicas", row.replicas && String(row.replicas)],
      ["table.request", row.request && h("code", {}, row.request)],
      ["details.error", row.error && this.pairs(row.error)],
      ["table.ids", Object.keys(row.ids).length && this.pairs(row.ids)],
      ["details.status", row.status],
      ["details.differences", row.differences && this.pairs(row.differences)],
      ["details.unseen", row.unseen && row.unseen.join(", ")],
    ].filter(([, value]) => value);
    const list = h("dl", { class: "facts" }, ...facts.flatMap(([key, value]) => [h("dt", {}, t(key)), h("dd", {}, value)]));
    const title = h("h2", { id: "details-title" }, row.title, " ", h("small", {}, t(row.kind)));
    const close = h("button", { type: "button", class: "close", click: () => this.box.close() }, t("details.close"));
    this.box.firstElementChild.replaceChildren(h("div", { class: "top" }, title, close), list, this.history(row));
  }

  pairs(values) {
    const text = (value) => (typeof value === "string" ? value : JSON.stringify(value));
    const lines = Object.entries(values).map(([key, value]) => h("li", {}, h("span", {}, key), " ", h("code", {}, text(value))));
    return h("ul", { class: "pairs" }, ...lines);
  }

  history(row) {
    if (!row.history.length) return "";
    const names = ["table.state", "details.time", "details.lasted"];
    const head = h("tr", {}, ...names.map((name) => h("th", { scope: "col" }, t(name))));
    const lines = row.history.map((moment, k) => {
      const next = row.history[k + 1];
      const at = new Date(this.data.start + moment.at).toISOString();
      const isStep = !STATES.includes(moment.state);
      return h(
        "tr",
        {},
        h("td", { class: isStep ? "step" : `s-${moment.state}` }, stateWord(moment.state)),
        h("td", { title: at }, `${moment.at < 0 ? "−" : ""}${lasting(Math.abs(moment.at))}`),
        h("td", {}, next ? lasting(next.at - moment.at) : ""),
      );
    });
    return h("table", { class: "history" }, h("caption", {}, t("details.history")), h("thead", {}, head), h("tbody", {}, ...lines));
  }
}

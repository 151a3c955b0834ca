// A table of one of several kinds, in pages: tabs, a search, rows that are changed in place, so that the focus stays.

import { make, part, say, setText } from "./dom.js";
import { changed, forget } from "./server.js";
import { number, shortTime, t } from "./words.js";

const PAGE = matchMedia("(max-width: 760px)").matches ? 10 : 20;

/**
 * Tables that the server gives in parts.
 *
 * `tables` has for each name: `label` (a key of words), `columns` ([key of words, fill(cell, row)]), `order`, `key(row)`.
 */
export class Tables {
  constructor(section, path, tables) {
    this.path = path;
    this.tables = tables;
    this.name = Object.keys(tables)[0];
    this.offset = 0;
    this.total = 0;
    this.search = "";
    this.counts = {};
    this.last = undefined;
    this.onCounts = () => {};
    this.build(section);
    this.head();
  }

  build(section) {
    const id = section.id;
    this.tabs = make("div", { role: "tablist", class: "tabs", "aria-labelledby": `${id}-title` });
    for (const [name, table] of Object.entries(this.tables)) {
      const tab = make("button", { type: "button", role: "tab", id: `${id}-tab-${name}`, "aria-controls": `${id}-panel` });
      tab.append(make("span", { "data-t": table.label }), make("span", { class: "count" }));
      tab.addEventListener("click", () => this.show(name));
      tab.dataset.name = name;
      this.tabs.append(tab);
    }
    this.tabs.addEventListener("keydown", (event) => this.move(event));
    this.input = make("input", { type: "search", autocomplete: "off", id: `${id}-search`, maxlength: 200 });
    let waiting = 0;
    this.input.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.find(this.input.value.replace(/\p{Cc}/gu, " ").trim()), 200);
    });
    const label = make("label", { for: `${id}-search`, "data-t": "search" });
    this.range = make("span", { class: "range" });
    this.back = make("button", { type: "button", "data-t": "previous" });
    this.on = make("button", { type: "button", "data-t": "next" });
    this.back.addEventListener("click", () => this.turn(-PAGE));
    this.on.addEventListener("click", () => this.turn(PAGE));
    const pager = make("div", { class: "pager" }, this.range, this.back, this.on);
    this.empty = make("p", { class: "soft empty", hidden: true });
    this.thead = make("thead", { role: "rowgroup" });
    this.tbody = make("tbody", { role: "rowgroup" });
    this.table = make("table", { role: "table" }, this.thead, this.tbody);
    this.panel = make("div", { role: "tabpanel", id: `${id}-panel`, tabindex: 0 }, this.table, this.empty);
    section.append(this.tabs, make("div", { class: "bar" }, label, this.input, pager), this.panel);
  }

  /** Say everything in the language that is chosen by now. */
  head() {
    const { columns } = this.tables[this.name];
    const row = make("tr", { role: "row" });
    for (const [key] of columns) row.append(make("th", { role: "columnheader", scope: "col" }, t(key)));
    this.thead.replaceChildren(row);
    this.tbody.replaceChildren();
    for (const tab of this.tabs.children) {
      const isShown = tab.dataset.name === this.name;
      tab.setAttribute("aria-selected", isShown);
      tab.tabIndex = isShown ? 0 : -1;
      if (isShown) this.panel.setAttribute("aria-labelledby", tab.id);
    }
    this.table.className = `t-${this.name}`;
    this.fill();
  }

  show(name, search = "") {
    this.name = name;
    this.search = this.input.value = search;
    this.offset = 0;
    this.last = undefined;
    this.head();
    this.asked = undefined;
    return this.update();
  }

  move(event) {
    const tabs = [...this.tabs.children];
    const at = tabs.findIndex((each) => each.dataset.name === this.name);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length];
    tab.focus();
    tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.show(tab.dataset.name);
  }

  async find(search) {
    if (search === this.search) return;
    this.search = search;
    this.offset = 0;
    if (await this.update()) say(t("said_rows", { total: number(this.total) }));
  }

  turn(by) {
    const to = this.offset + by;
    if (to < 0 || to >= this.total) return;
    this.offset = to;
    this.update();
  }

  /** Ask for what is to be shown now; without an answer, the next look of the page tells why, and asks again. */
  async update() {
    try {
      await this.refresh();
      return true;
    } catch {
      return false;
    }
  }

  async refresh() {
    const asked = { table: this.name, offset: this.offset, limit: PAGE, order: this.tables[this.name].order ?? "oldest" };
    if (this.search) asked.search = this.search;
    const path = `${this.path}?${new URLSearchParams(asked)}`;
    if (path !== this.asked) forget(path);
    this.asked = path;
    const plain = await changed(path);
    if (plain === undefined || path !== this.asked) return; // nothing is new, or something else is wanted by now
    this.last = plain;
    this.total = plain.total;
    this.counts = plain.counts;
    if (this.offset && this.offset >= plain.total) {
      this.offset = Math.max(Math.floor((plain.total - 1) / PAGE) * PAGE, 0);
      await this.refresh();
      return;
    }
    this.fill();
    this.onCounts(plain.counts);
  }

  fill() {
    for (const tab of this.tabs.children) {
      const count = this.counts[tab.dataset.name];
      setText(tab.lastChild, count === undefined ? "" : number(count));
    }
    const rows = this.last?.rows ?? [];
    this.rows(rows);
    const isEmpty = this.last !== undefined && rows.length === 0;
    this.empty.hidden = !isEmpty;
    this.table.hidden = isEmpty;
    setText(this.empty, this.search ? t("empty_search", { search: this.search }) : t("empty"));
    const values = { from: number(rows.length ? this.offset + 1 : 0), to: number(this.offset + rows.length) };
    setText(this.range, this.last ? t("range", { ...values, total: number(this.total) }) : "");
    this.back.setAttribute("aria-disabled", this.offset === 0);
    this.on.setAttribute("aria-disabled", this.offset + rows.length >= this.total);
  }

  /** Bring the rows up to date, each in place. */
  rows(rows) {
    const { columns, key } = this.tables[this.name];
    const there = new Map([...this.tbody.children].map((each) => [each.dataset.key, each]));
    let before = this.tbody.firstElementChild;
    for (const row of rows) {
      const id = String(key(row));
      const told = JSON.stringify(row);
      const tr = there.get(id) ?? this.newRow(id, columns);
      there.delete(id);
      if (tr === before) before = before.nextElementSibling;
      else this.tbody.insertBefore(tr, before);
      if (tr.told === told) continue;
      tr.told = told;
      columns.forEach(([, fill], at) => fill(tr.children[at], row));
    }
    for (const gone of there.values()) gone.remove();
  }

  newRow(id, columns) {
    const tr = make("tr", { role: "row" });
    tr.dataset.key = id;
    for (const [key] of columns) tr.append(make("td", { role: "cell", "data-label": t(key) }));
    return tr;
  }
}

/** What fills a cell: a text. */
export const text = (value) => (cell, row) => setText(cell, String(value(row) ?? ""));

/** What fills a cell: a time that stays on one line; nothing for none. */
export const when = (value) => (cell, row) => {
  const seconds = value(row);
  setText(part(cell, "span", "when"), seconds === null ? "" : shortTime(seconds));
};

/** A name with the id under it. */
export function named(cell, row) {
  setText(part(cell, "b", "name"), row.name || row.id);
  setText(part(cell, "code", "id"), row.name ? row.id : "");
}

const TONES = {
  good: ["running", "finish", "success", "valid", "Success"],
  busy: ["creating", "doing", "scaling", "changing", "updating"],
  leaving: ["deleting"],
  bad: ["failed", "error", "invalid", "abnormal"],
};

/** A status, in a colour and in words. */
export function status(cell, row) {
  const tone = Object.keys(TONES).find((each) => TONES[each].includes(row.status)) ?? "other";
  const pill = part(cell, "span", "status");
  pill.dataset.tone = tone;
  setText(pill, row.status);
}

/** A button that leads to what belongs to a row. */
export const leading = (value, label, go) => (cell, row) => {
  const button = part(cell, "button", "link");
  button.type = "button";
  setText(button, value(row));
  button.setAttribute("aria-label", label(row));
  button.onclick = () => go(row);
};

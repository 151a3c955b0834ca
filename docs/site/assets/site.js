// The language switch leads to the same page: both languages have the same files, the Chinese ones in zh/.
// The theme would ask each language's sitemap for that, which does not work from the disk.
document.querySelectorAll("link[rel=alternate][hreflang]").forEach(function (link) {
  link.remove();
});

function leadToTheSamePage() {
  var base = JSON.parse(document.getElementById("__config").textContent).base;
  base = new URL(base.replace(/\/?$/, "/"), location);
  var root = document.documentElement.lang === "zh" ? new URL("../", base) : base;
  var page = location.href.slice(base.href.length).replace(/[?#].*/, "") || "index.html";
  document.querySelectorAll("a[hreflang]").forEach(function (link) {
    link.href = new URL((link.hreflang === "zh" ? "zh/" : "") + page, root).href;
  });
}

// What is wider than its place can be scrolled with the keyboard too.
function scrollByKeys() {
  document.querySelectorAll(".md-typeset pre > code, .md-typeset pre, .md-typeset__scrollwrap").forEach(function (each) {
    if (each.scrollWidth > each.clientWidth) {
      each.tabIndex = 0;
    }
  });
}

// Tables with sentences are stacked on a phone (site.css), where each cell needs the head of its column; figures are scrolled.
function nameCells() {
  document.querySelectorAll(".md-typeset table:not([class])").forEach(function (table) {
    var heads = Array.from(table.querySelectorAll("thead th"), function (head) { return head.textContent.trim(); });
    var cells = Array.from(table.querySelectorAll("tbody td"));
    if (heads.length < 2 || !cells.some(function (cell) { return cell.textContent.length > 30; })) {
      return;
    }
    table.dataset.stacked = "";
    cells.forEach(function (cell) {
      if (cell.cellIndex > 0 && heads[cell.cellIndex]) {
        cell.dataset.head = heads[cell.cellIndex];
      }
    });
  });
}

document.addEventListener("DOMContentLoaded", function () {
  leadToTheSamePage();
  nameCells();
  var search = document.querySelector(".md-search[role=dialog]");
  if (search) {
    search.setAttribute("aria-label", document.documentElement.lang === "zh" ? "搜索" : "Search");
  }
});
window.addEventListener("load", scrollByKeys);
window.addEventListener("resize", scrollByKeys);

// The language switch leads to the same page: both languages have the same files, Chinese in zh/.
document.addEventListener("DOMContentLoaded", function () {
  var base = new URL(JSON.parse(document.getElementById("__config").textContent).base + "/", location);
  var isChinese = document.documentElement.lang === "zh";
  var root = isChinese ? new URL("../", base) : base;
  var page = location.href.slice(base.href.length).replace(/[?#].*/, "") || "index.html";
  document.querySelectorAll("a.md-select__link[hreflang]").forEach(function (link) {
    link.href = new URL((link.hreflang === "zh" ? "zh/" : "") + page, root).href;
  });
});

// What the page says, in the language that was chosen.

const STORED = "cds-eks-emulator-language";
let all = {};
let language = "en";

export async function load() {
  const response = await fetch("page/words.json");
  all = await response.json();
  const wanted = stored() ?? document.documentElement.lang;
  language = wanted in all ? wanted : "en";
}

export function current() {
  return language;
}

/** Have another language, also when the page is opened the next time. */
export function choose(wanted) {
  language = wanted;
  try {
    localStorage.setItem(STORED, wanted);
  } catch {
    // a browser that stores nothing asks again next time
  }
}

function stored() {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

export function has(key) {
  return key in all[language];
}

/** The words of a key, with `{name}` filled in. They are shown as text, whatever is filled in. */
export function t(key, values = {}) {
  const words = all[language][key] ?? all.en[key] ?? key;
  return words.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** Say what stands in the document in the chosen language. */
export function translate(root = document) {
  document.documentElement.lang = language;
  for (const element of root.querySelectorAll("[data-t]")) {
    element.textContent = t(element.dataset.t);
  }
  for (const element of root.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.dataset.tLabel));
  }
}

export function number(value) {
  return new Intl.NumberFormat(language).format(value);
}

const LATEST = 8.64e12; // seconds: the last time that a Date can be

/** A time as a Date; a test's clock may be put further than there are any. */
export const date = (seconds) => new Date(Math.min(seconds, LATEST) * 1000);

export function time(seconds) {
  const format = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
  return format.format(date(seconds));
}

export function shortTime(seconds) {
  const format = new Intl.DateTimeFormat(language, { month: "numeric", day: "numeric", timeStyle: undefined,
    hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  return format.format(date(seconds));
}

export function duration(seconds) {
  const whole = Math.max(Math.round(seconds), 0);
  const units = [["hour", Math.floor(whole / 3600)], ["minute", Math.floor(whole / 60) % 60], ["second", whole % 60]];
  const told = units.filter(([unit, value]) => value || (unit === "second" && whole < 60)).slice(0, 2);
  return told
    .map(([unit, value]) => new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(value))
    .join(" ");
}

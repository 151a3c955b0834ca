// Words, elements, numbers: what the other parts of the page share.

const words = { all: {}, lang: "en" };

function t(key, values = {}) {
  const text = words.all[words.lang][key];
  return Object.entries(values).reduce((said, [name, value]) => said.replace(`{${name}}`, String(value)), text ?? key);
}

// The word for a state; a step of the service is called what the service calls it.
const stateWord = (state) => words.all[words.lang][`state.${state}`] ?? state;

function say(lang) {
  words.lang = lang;
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-placeholder]")) {
    element.placeholder = t(element.dataset.tPlaceholder);
  }
  for (const element of document.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.dataset.tLabel));
    if (element.title) element.title = t(element.dataset.tLabel);
  }
}

// An element, with text as text: what the service or a plan says is never read as HTML.
function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

function s(name, attributes = {}, text = null) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  if (text !== null) element.textContent = text;
  return element;
}

const $ = (id) => document.getElementById(id);

function lasting(ms) {
  if (ms < 9950) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 59950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800];

function ticks(length, most, from = 0) {
  const step = 1000 * (STEPS.find((each) => (each * 1000 * most) >= length) ?? Math.ceil(length / most / 1000));
  const found = [];
  for (let at = Math.ceil(from / step) * step; at <= from + length; at += step) found.push({ at, text: clock(at, step, from + length) });
  return found;
}

function clock(ms, step, length) {
  const seconds = Math.round(ms / 1000);
  if (length < 120000) return `${seconds} s`;
  const two = (number) => String(number).padStart(2, "0");
  if (!seconds) return "0";
  if (step >= 3600000) return `${Math.floor(seconds / 3600)} h`;
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)} h`;
  return step % 60000 ? `${Math.floor(seconds / 60)}:${two(seconds % 60)}` : `${seconds / 60} min`;
}

function shortened(text, most) {
  if (text.length <= most) return text;
  const tail = Math.ceil((most - 1) / 2);
  return `${text.slice(0, most - 1 - tail)}…${text.slice(-tail)}`;
}

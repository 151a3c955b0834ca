// The form that adds a fault: its fields are those that the chosen kind takes.

import { $, make, setText } from "./dom.js";
import { post } from "./server.js";
import { has, t } from "./words.js";

const CHOICES = { when: ["before", "after"], body: ["json", "html", "empty"], answer: ["first", "second"],
  bypass_nonce: ["true", "false"] };
const NUMBERS = new Set(["count", "skip", "probability", "status", "seconds", "steps", "bytes"]);

let kinds = {};

/** Fill the form in the language that is chosen by now; what was chosen and written stays. */
export function build(known = kinds) {
  kinds = known;
  const chosen = $("kind").value;
  options($("kind"), Object.keys(kinds).map((kind) => [kind, kind]), chosen || "reset_after_commit");
  fields();
}

function options(select, pairs, chosen) {
  select.replaceChildren(...pairs.map(([value, words]) => make("option", { value }, words)));
  if (pairs.some(([value]) => value === chosen)) select.value = chosen;
}

function fields() {
  const kind = $("kind").value;
  const told = kinds[kind];
  if (!told) return;
  setText($("kind-about"), t(`k_${kind}`));
  const words = (action) => (has(`a_${action}`) ? t(`a_${action}`) : action);
  options($("action"), told.actions.map((action) => [action, words(action)]), $("action").value);
  const written = Object.fromEntries([...new FormData($("fault-form"))]);
  $("parameters").replaceChildren(
    ...Object.entries(told.parameters).map(([name, rule]) => field(name, rule, told.required.includes(name), written[name])),
  );
  clear();
}

function field(name, rule, isRequired, value = "") {
  const id = `p-${name}`;
  const about = { id, name, "aria-describedby": `${id}-rule` };
  let input;
  if (name in CHOICES) {
    input = make("select", about);
    options(input, [["", t("not_given")], ...CHOICES[name].map((each) => [each, each])], value);
  } else {
    input = make("input", { ...about, type: "text", autocomplete: "off", inputmode: NUMBERS.has(name) ? "decimal" : "text" });
    input.value = value;
  }
  if (isRequired) input.required = true;
  const label = make("label", { for: id }, make("code", {}, name), ` ${t(isRequired ? "required" : "optional")}`);
  const rules = make("p", { class: "hint", id: `${id}-rule` }, has(`r_${rule}`) ? t(`r_${rule}`) : rule);
  return make("div", { class: "field" }, label, input, rules);
}

function clear() {
  $("fault-error").hidden = true;
  for (const input of $("fault-form").elements) input.removeAttribute("aria-invalid");
}

/** What was written, as the server takes it. */
function body() {
  const told = {};
  for (const [name, value] of new FormData($("fault-form"))) {
    const text = value.trim();
    if (text === "") continue;
    if (name === "bypass_nonce") told[name] = text === "true";
    else told[name] = NUMBERS.has(name) && !Number.isNaN(Number(text)) ? Number(text) : text;
  }
  return told;
}

/** Have the form add a fault; `added` is called with it. */
export function begin(added) {
  $("kind").addEventListener("change", fields);
  $("fault-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    clear();
    try {
      const fault = await post("faults", body());
      for (const input of $("parameters").querySelectorAll("input, select")) input.value = "";
      await added(fault);
    } catch (error) {
      const problem = $("fault-error");
      problem.hidden = false;
      setText(problem, error.message);
      const input = error.field ? $("fault-form").elements.namedItem(error.field) : null;
      if (input) {
        input.setAttribute("aria-invalid", "true");
        input.focus();
      }
    }
  });
}

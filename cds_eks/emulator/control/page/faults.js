// The faults: on, off and away, and how often each was applied.

import { $, make, part, say, setText } from "./dom.js";
import * as form from "./fault_form.js";
import { get, post, remove } from "./server.js";
import { number, t } from "./words.js";

let last = { faults: [] };

export async function refresh() {
  last = await get("faults");
  fill();
}

/** Bring the list up to date, each fault in place. */
export function fill() {
  const list = $("fault-list");
  const there = new Map([...list.children].map((each) => [each.dataset.id, each]));
  $("no-faults").hidden = last.faults.length > 0;
  for (const fault of last.faults) {
    const item = there.get(String(fault.id)) ?? newItem(list, fault);
    there.delete(String(fault.id));
    const [box, button] = [item.querySelector("input"), item.querySelector("button")];
    box.checked = fault.enabled;
    item.classList.toggle("off", !fault.enabled || fault.is_over);
    const facts = [t("applied", { count: number(fault.applied) }), fault.is_over && t("over")];
    setText(part(item, "span", "facts"), facts.filter(Boolean).join(" · "));
    setText(button, t("remove"));
    button.setAttribute("aria-label", t("remove_fault", { fault: fault.fault }));
  }
  for (const gone of there.values()) gone.remove();
}

function newItem(list, fault) {
  const id = `fault-${fault.id}`;
  const box = make("input", { type: "checkbox", role: "switch", id });
  const label = make("label", { for: id }, box, make("code", {}, fault.fault));
  const button = make("button", { type: "button", class: "small" });
  const item = make("li", {}, label, make("span", { class: "facts" }), button);
  item.dataset.id = fault.id;
  box.addEventListener("change", () => change(fault, box));
  button.addEventListener("click", () => away(fault, item));
  list.append(item);
  return item;
}

async function change(fault, box) {
  const enabled = box.checked;
  await attempt(async () => {
    await post(`faults/${fault.id}`, { enabled });
    say(t(enabled ? "said_fault_on" : "said_fault_off", { fault: fault.fault }));
  });
}

async function away(fault, item) {
  const next = item.nextElementSibling ?? item.previousElementSibling;
  await attempt(async () => {
    await remove(`faults/${fault.id}`);
    say(t("said_fault_removed", { fault: fault.fault }));
  });
  (next?.querySelector("button") ?? $("kind")).focus();
}

async function attempt(what) {
  try {
    await what();
  } catch (error) {
    say(t("said_failed", { message: error.message }));
  }
  try {
    await refresh();
  } catch {
    fill(); // as it was: the next look of the page tells why
  }
}

export async function begin() {
  form.begin(async (fault) => {
    say(t("said_fault_added", { fault: fault.fault }));
    await refresh();
  });
  form.build((await get("faults/kinds")).kinds);
}

/** Say everything in the language that is chosen by now. */
export function retell() {
  form.build();
  fill();
}

// The clock: what time it is in the service, putting it ahead, and its speed.

import { $, say, setText } from "./dom.js";
import { get, post } from "./server.js";
import { date, duration, number, t, time } from "./words.js";

let told = null;
let received = 0;

/** Show the time as it is by now, between two answers of the server. */
export function tick() {
  if (told === null) return;
  const passed = ((performance.now() - received) / 1000) * (told.speed ?? 0);
  const now = told.now + passed;
  setText($("now"), time(now));
  $("now").dateTime = date(now).toISOString();
  const left = told.next_change === null ? null : told.next_change - now;
  const next = left === null ? t("next_none") : t("next_in", { time: duration(left) });
  setText($("next"), told.speed === null ? `${next} · ${t("standing")}` : next);
  $("to-next").setAttribute("aria-disabled", left === null);
}

function take(plain) {
  told = plain;
  received = performance.now();
  $("speed-form").hidden = plain.speed === null;
  if (document.activeElement !== $("speed") && plain.speed !== null) $("speed").value = String(plain.speed);
  tick();
}

export async function refresh() {
  take(await get("clock"));
}

/** Have the buttons do what they say; `after` is called when the service's time has jumped. */
export function begin(after) {
  for (const button of document.querySelectorAll("[data-advance]")) {
    button.addEventListener("click", async () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      const by = button.dataset.advance;
      try {
        take(await post("clock", { advance: by === "next_change" ? by : Number(by) }));
        say(t("said_advanced", { time: time(told.now) }));
      } catch (error) {
        say(t("said_failed", { message: error.message }));
      }
      after();
    });
  }
  $("speed-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const [input, problem] = [$("speed"), $("speed-error")];
    const value = input.value.trim();
    try {
      const plain = await post("clock", { speed: value !== "" && !Number.isNaN(Number(value)) ? Number(value) : value });
      input.removeAttribute("aria-invalid");
      problem.hidden = true;
      take(plain);
      input.value = String(plain.speed);
      say(t("said_speed", { speed: number(plain.speed) }));
    } catch (error) {
      input.setAttribute("aria-invalid", "true");
      problem.hidden = false;
      setText(problem, error.message);
      input.focus();
    }
  });
  setInterval(tick, 250);
}

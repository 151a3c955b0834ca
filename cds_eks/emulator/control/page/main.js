// The page: what is on it, and when it is brought up to date.

import * as clock from "./clock.js";
import { $, say, setText } from "./dom.js";
import * as faults from "./faults.js";
import { ledger } from "./ledger.js";
import { forget, get, post } from "./server.js";
import { choose, current, duration, load, t, translate } from "./words.js";
import { world } from "./world.js";

const EVERY = 1000; // milliseconds between two looks, while the page is to be seen
const HEALTH = 10; // how many looks there are between two at the emulator's own state

let tables = [];
let state = "connecting";
let health = null;
let looks = 0;
let problem = "";
let timer = 0;

async function look() {
  clearTimeout(timer);
  if (document.visibilityState === "visible") {
    try {
      if (looks++ % HEALTH === 0) health = await get("health");
      await Promise.all([clock.refresh(), faults.refresh(), ...tables.map((each) => each.refresh())]);
      become("connected");
      problem = "";
    } catch (error) {
      if (error.status === undefined) become("lost");
      else if (error.message !== problem) say(t("said_failed", { message: error.message }));
      problem = error.message;
      looks = 0;
    }
  }
  clearTimeout(timer);
  timer = setTimeout(look, EVERY);
}

function become(wanted) {
  if (wanted === "lost" && state !== "lost") say(t("said_lost"));
  if (wanted === "connected" && state === "lost") {
    say(t("said_back"));
    forget();
  }
  state = wanted;
  tell();
}

function tell() {
  setText($("state"), t(state));
  $("state").dataset.state = state;
  if (health === null) return;
  const revision = health.revision ?? t("any_revision");
  setText($("facts"), t("facts", { version: health.version, revision, uptime: duration(health.uptime) }));
}

function speak() {
  translate();
  for (const button of document.querySelectorAll(".language")) {
    button.setAttribute("aria-pressed", button.lang === current());
  }
  for (const each of tables) each.head();
  faults.retell();
  clock.tick();
  tell();
}

function beginReset() {
  const dialog = $("confirm");
  $("reset").addEventListener("click", () => dialog.showModal());
  $("confirm-no").addEventListener("click", () => dialog.close());
  $("confirm-yes").addEventListener("click", async () => {
    dialog.close();
    try {
      await post("reset");
      say(t("said_reset"));
    } catch (error) {
      say(t("said_failed", { message: error.message }));
    }
    look();
  });
}

async function begin() {
  await load();
  tables = [world(), ledger()];
  for (const button of document.querySelectorAll(".language")) {
    button.addEventListener("click", () => {
      choose(button.lang);
      speak();
    });
  }
  beginReset();
  clock.begin(look);
  await faults.begin();
  speak();
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
  await look();
  document.documentElement.dataset.ready = "true";
}

begin();

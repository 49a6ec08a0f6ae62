// „Mein Tag“: today's talks, promises and callbacks of this agent, and who called in vain since we last closed.

import { announce } from "./attention.js";
import { api } from "./api.js";
import { byId, build, setText, show } from "./dom.js";
import { atClock, dayAndClock, duration, shortly } from "./times.js";

const LISTS = {
  missed: missedRow,
  calls: ({ at, type, number, seconds, outcome }) =>
    row(`${atClock(at)} Uhr`, type, number ?? "unterdrückt", seconds === null ? "" : `${duration(seconds)} min`, outcome),
  promises: ({ receipt, type, due, status }) => row(receipt, type, `bis ${dayAndClock(due)}`, "", status),
  callbacks: ({ number, type, due, finished, status }) =>
    row(number ?? "ohne Nummer", type, finished ? `um ${shortly(finished)}` : `bis ${dayAndClock(due)}`, "", status),
};
let open = false;
let loaded = ""; // what the snapshot said when the lists were read
let asked = 0;

export function listenForDay() {
  byId("day-open").addEventListener("click", () => toggle(!open));
  byId("day-close").addEventListener("click", () => toggle(false));
  byId("day-refresh").addEventListener("click", async () => (await load()) && announce("Mein Tag ist auf dem neuesten Stand."));
  byId("day-panel").addEventListener("keydown", (event) => event.key === "Escape" && toggle(false));
}

async function toggle(wanted) {
  open = wanted;
  byId("day-open").setAttribute("aria-expanded", String(open));
  setText(byId("day-open"), open ? "Schließen" : "Anzeigen");
  show(byId("day-panel"), open);
  if (!open) return byId("day-open").focus();
  await load();
  byId("day-panel").scrollIntoView({ block: "nearest" });
  return byId("day-panel-heading").focus({ preventScroll: true });
}

// An open panel follows what happens at this seat.
export function renderDay({ state, callbacks, hotline }) {
  const now = JSON.stringify([state, callbacks.map(({ id, taken_by: by }) => [id, by]), hotline.waiting]);
  if (!open || now === loaded) return;
  loaded = now;
  load();
}

async function load() {
  const mine = (asked += 1);
  try {
    const day = await api.day();
    if (mine !== asked) return false;
    problem("");
    for (const [key, create] of Object.entries(LISTS)) fill(key, day[key], create);
    return true;
  } catch (error) {
    if (mine === asked) problem(error.message);
    return false;
  }
}

// A button that is being used must not go from under the finger.
function fill(key, items, create) {
  const list = byId(`day-${key}`);
  setText(byId(`day-${key}-count`), items.length ? String(items.length) : "");
  show(byId(`day-${key}-none`), items.length === 0);
  show(list, items.length > 0);
  const signature = JSON.stringify(items);
  if (list.dataset.signature === signature) return;
  list.dataset.signature = signature;
  const held = list.contains(document.activeElement);
  list.replaceChildren(...items.map(create));
  if (held) byId("day-panel-heading").focus({ preventScroll: true });
}

function row(...cells) {
  return build("li", {}, ...cells.map((text) => build("span", {}, text)));
}

function missedRow({ id, at, type, number, why, since, can_call_back: can }) {
  const element = row(shortly(at), type, number ?? "unterdrückt", why, can ? "" : (since ?? ""));
  if (!can) return element;
  const button = build("button", { type: "button", "aria-label": `Rückruf anlegen für ${number}` }, "Rückruf anlegen");
  button.addEventListener("click", () => create(id, button));
  element.lastElementChild.append(button);
  return element;
}

async function create(id, button) {
  button.disabled = true;
  try {
    await api.callbackFor(id);
    announce("Der Rückruf steht auf der Liste.");
    await load();
  } catch (error) {
    button.disabled = false;
    problem(error.message);
  }
}

function problem(text) {
  setText(byId("day-error"), text);
  show(byId("day-error"), text !== "");
}

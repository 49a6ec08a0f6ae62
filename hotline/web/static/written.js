// What the agent has written today: read again when it is opened and after each change; can be corrected and copied.

import { api } from "./api.js";
import { outcomeLabel } from "./call.js";
import { copyCall } from "./copying.js";
import { openCorrection } from "./correction.js";
import { byId, keepList, setText, show } from "./dom.js";
import { atClock, dayAndClock } from "./times.js";

const panel = byId("today");
let entries = [];
let asked = 0;

export async function refreshToday() {
  if (!panel.open) return;
  const mine = ++asked;
  try {
    const told = (await api.dispositions()).entries;
    if (mine !== asked) return;
    entries = told;
    problem("");
  } catch (refusal) {
    if (mine === asked) problem(refusal.message);
  }
  render();
}

function problem(text) {
  setText(byId("today-problem"), text);
  show(byId("today-problem"), text !== "");
}

function render() {
  setText(byId("today-count"), entries.length ? String(entries.length) : "");
  show(byId("today-none"), entries.length === 0 && byId("today-problem").hidden);
  // A corrected entry has an id of its own, but it is still the same request of the same call.
  keepList(byId("today-list"), entries, ({ call_id: call, number }) => `${call} ${number}`, create, update);
  for (const entry of entries) byId("today-list").append(elementOf(entry));
}

const keyOf = ({ call_id: call, number }) => `${call} ${number}`;
const elementOf = (entry) => [...byId("today-list").children].find(({ dataset }) => dataset.key === keyOf(entry));

function create(entry) {
  const element = byId("today-template").content.firstElementChild.cloneNode(true);
  const part = (name) => element.querySelector(`[data-part="${name}"]`);
  const key = keyOf(entry);
  const current = () => entries.find((one) => keyOf(one) === key);
  part("correct").addEventListener("click", () => openCorrection(current(), refreshToday));
  part("copy").addEventListener("click", () => copyCall(entry.call_id, part("copied")));
  return element;
}

function update(element, entry) {
  const part = (name) => element.querySelector(`[data-part="${name}"]`);
  const what = `${atClock(entry.at)} Uhr, ${entry.type}`;
  setText(part("title"), `${what}: ${outcomeLabel(entry.outcome)}`);
  const facts = [entry.caller, entry.receipt, entry.due && `bis ${dayAndClock(entry.due)}`, entry.responsible];
  if (entry.corrected_at) facts.push(`berichtigt um ${atClock(entry.corrected_at)} Uhr`);
  setText(part("facts"), facts.filter(Boolean).join(" · "));
  setText(part("note"), entry.note);
  show(part("note"), entry.note !== "");
  part("correct").setAttribute("aria-label", `Berichtigen: ${what}`);
  part("copy").setAttribute("aria-label", `Als Text kopieren: ${what}`);
}

export function listenForToday() {
  panel.addEventListener("toggle", refreshToday);
}

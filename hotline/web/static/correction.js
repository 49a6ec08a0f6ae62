// An entry of today is written anew: the note, the details, and, where nothing was promised, what became of it. What is
// typed stays until it is saved or thrown away by "Abbrechen": neither a call nor Escape takes it.

import { announce } from "./attention.js";
import { api } from "./api.js";
import { byId, build, setText, show } from "./dom.js";
import { fieldFor, showFindings, showParts, shownValues } from "./fields.js";
import { outcomeLabel } from "./call.js";
import { atClock } from "./times.js";

const PREFIX = "fix-";
const dialog = byId("correction");
const form = byId("correction-form");
let entry = null;
let corrected = () => {};
let unfinished = false; // neither saved nor thrown away
let interrupted = false; // by a call

export function openCorrection(chosen, done) {
  corrected = done;
  if (!unfinished || entry.id !== chosen.id) fill(chosen);
  open();
}

function open() {
  unfinished = true;
  interrupted = false;
  dialog.showModal();
  form.elements.note.focus();
}

// Nothing may cover a call.
export function interruptCorrection() {
  if (!dialog.open) return;
  interrupted = true;
  dialog.close();
}

export function resumeCorrection() {
  if (interrupted && !document.querySelector("dialog[open]")) open();
}

function end() {
  unfinished = false;
  interrupted = false;
  dialog.close();
}

function fill(chosen) {
  entry = chosen;
  form.reset();
  findings("", {});
  setText(byId("correction-heading"), `Eintrag berichtigen: ${entry.type}, ${atClock(entry.at)} Uhr`);
  byId("correction-outcomes").replaceChildren(...entry.outcomes.map(choice));
  byId("correction-fields").replaceChildren(...entry.fields.map((field) => fieldFor(field, PREFIX)));
  for (const [name, value] of Object.entries({ ...entry.values, outcome: entry.outcome })) {
    const input = form.elements[name];
    if (input) input.value = value;
  }
  const promised = entry.outcomes.length === 1;
  show(byId("correction-kept"), promised);
  showFields();
}

function choice(outcome) {
  const radio = build("input", { type: "radio", name: "outcome", value: outcome, checked: outcome === entry.outcome });
  return build("label", { class: "choice" }, radio, build("span", {}, outcomeLabel(outcome)));
}

// A promise keeps its case worker, a callback its number.
function showFields() {
  const chosen = new FormData(form).get("outcome") ?? entry.outcome;
  showParts(form, chosen);
  if (entry.outcome === "forwarded") show(byId("correction-office"), false);
  if (entry.outcome === "callback") for (const part of form.querySelectorAll('[data-for~="callback"]')) show(part, false);
  if (!entry.fields.length) show(byId("correction-type-fields"), false);
}

const findings = (message, fields) => showFindings(form, byId("correction-message"), message, fields);

form.addEventListener("change", showFields);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  findings("", {});
  const button = byId("correction-save");
  const sent = entry;
  button.disabled = true;
  try {
    await api.correct(sent.id, new FormData(form).get("outcome") ?? "", shownValues(form));
    if (entry === sent) end();
    announce("Der Eintrag ist berichtigt.");
    corrected();
  } catch (refusal) {
    findings(refusal.message, refusal.fields ?? {});
  } finally {
    button.disabled = false;
  }
});
byId("correction-cancel").addEventListener("click", end);

// What the agent writes down about a call, one request after the other: kept as typed, never touched by updates, sent once.

import { announce } from "./attention.js";
import { api } from "./api.js";
import { outcomeLabel } from "./call.js";
import { byId, build, fillList, setText, show } from "./dom.js";
import { Draft } from "./draft.js";
import { fieldFor, showFindings, showParts, shownValues } from "./fields.js";
import { considerResponsible, fillResponsible } from "./responsible.js";

const PERSON = ["family_name", "given_name", "household_number", "phone", "best_time", "office"];
const OWN = ["talking", "lost", "wrap_up"];
const form = byId("disposition");
const draft = new Draft({ read: () => Object.fromEntries(new FormData(form)), write: restore });
let callId = "";
let number = 0;
let typeKey = "";
let loaded = "";
let finished = ""; // the call that is on the screen and written up
let carried = {}; // of the request before in the same call: it is the same caller
let lastWish = Promise.resolve();

export function renderForm(call, types = []) {
  show(form, Boolean(call) && !call.disposed);
  show(byId("written-up"), Boolean(call?.disposed));
  show(byId("type-form"), Boolean(call) && !call.disposed && (call.number ?? 1) === 1);
  finished = call?.disposed ? call.call_id : "";
  if (!call || call.disposed) return forget(call);
  const current = call.number ?? 1;
  if (call.call_id !== callId || current !== number) begin(call, current);
  if (call.request_type.key !== typeKey) buildTypeFields(call, types);
  renderNumber(call, current);
  prefill(call, current);
  load(call);
  return undefined;
}

function begin(call, current) {
  form.reset();
  clearFindings();
  const known = call.call_id === callId ? carried : {};
  carried = {};
  [callId, number, typeKey] = [call.call_id, current, ""];
  draft.begin(callId, number, known);
  restore();
}

// Only whoever has the call may write about it, and so read what was written.
function load(call) {
  const wanted = `${callId} ${number}`;
  if (loaded === wanted || !OWN.includes(call.phase)) return;
  loaded = wanted;
  draft.load();
}

// The draft goes once the call is disposed of; while there is merely no call to show it stays.
function forget(call) {
  if (!call?.disposed) return;
  draft.drop(call.call_id, call.number ?? 1);
  if (call.call_id === callId) number = 0;
}

function buildTypeFields(call, types) {
  const changed = typeKey !== "";
  typeKey = call.request_type.key;
  const { fields, label } = call.request_type;
  byId("type-fields-list").replaceChildren(...fields.map((field) => fieldFor(field)));
  setText(byId("type-fields-legend"), label);
  fillList(byId("field-request_type"), types, (type) => build("option", { value: type.key }, type.label));
  byId("field-request_type").value = typeKey;
  restore();
  if (changed && number > 1) draft.keep(); // only the draft knows what a further request is about
}

// From the second request on: what it is about is chosen here, and it may turn out that there is none.
function renderNumber(call, current) {
  const further = current > 1;
  setText(byId("disposition-heading"), further ? `Weiteres Anliegen festhalten (${current}.)` : "Gespräch festhalten");
  for (const id of ["further", "finish"]) show(byId(id), further);
  fillList(byId("written-before"), further ? call.written : [], (done) =>
    build("li", {}, `${done.type}: ${outcomeText(done)}${by(done)}`));
}

const outcomeText = ({ outcome, receipt }) => [outcomeLabel(outcome), receipt].filter(Boolean).join(", ");

function by({ agent }) {
  const { names, agent: own } = document.body.dataset;
  return agent && agent !== own ? ` (${JSON.parse(names ?? "{}")[agent] ?? agent})` : "";
}

// What is known already, unless something was typed: first what the agent before has asked.
function prefill(call, current) {
  const handed = current === 1 ? written(call.handed) : {};
  const known = { household_number: call.household_number, phone: call.caller, ...handed };
  for (const [name, value] of Object.entries(known)) {
    const input = form.elements[name];
    if (value && input && input.value === "" && !(name in draft.values)) input.value = value;
  }
  showFieldsFor(outcome());
}

const written = (handed) => Object.fromEntries(Object.entries(handed?.values ?? {}).filter(([, value]) => value));

const outcome = () => form.elements.outcome.value;

function showFieldsFor(chosen) {
  show(byId("person"), chosen === "forwarded" || chosen === "callback");
  showParts(form, chosen);
  if (!byId("type-fields-list").children.length) show(byId("type-fields"), false);
  considerResponsible(form, callId, typeKey, draft.values);
}

function restore(values = draft.values) {
  for (const [name, value] of Object.entries(values)) {
    const input = form.elements[name];
    if (input && name !== "request_type" && input.value !== value) input.value = value;
  }
  showFieldsFor(outcome());
}

// All that stands in the form so far, for whoever takes the call over.
export function typedValues() {
  const typed = [...new FormData(form)].filter(([name, value]) => !["outcome", "request_type"].includes(name) && value.trim() !== "");
  return Object.fromEntries(typed.map(([name, value]) => [name, value.trim()]));
}

const findings = (message, fields) => showFindings(form, byId("disposition-message"), message, fields);
const clearFindings = () => findings("", {});
const failed = (refusal) => findings(refusal.message, refusal.fields ?? {});

// disposed(callId, result) is told after the service has stored everything.
export function onDisposed(disposed) {
  form.addEventListener("input", () => draft.keep());
  form.addEventListener("focusout", () => draft.flush());
  form.addEventListener("change", () => {
    draft.keep();
    showFieldsFor(outcome());
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await dispose(event.submitter === byId("dispose-more"), disposed);
  });
  byId("finish").addEventListener("click", () => alone(() => api.finish(callId)));
  byId("another").addEventListener("click", another);
  byId("field-request_type").addEventListener("change", chooseType);
}

async function dispose(more, disposed) {
  clearFindings();
  const [sent, chosen, which, typed] = [callId, outcome(), number, typedValues()];
  carried = Object.fromEntries(PERSON.filter((key) => typed[key]).map((key) => [key, typed[key]]));
  await alone(async () => {
    await lastWish;
    const result = await api.dispose(sent, chosen, shownValues(form), which, more);
    draft.drop(sent, which); // the snapshot may have been faster: then the form is at the next request already
    disposed(sent, result);
    announce(more ? `Anliegen ${which} ist festgehalten. Bitte das weitere Anliegen eintragen.` : "Festgehalten.");
  });
}

// One at a time: while the service is being asked no button can be pressed.
async function alone(act) {
  const buttons = ["dispose", "dispose-more", "finish"].map(byId);
  for (const button of buttons) button.disabled = true;
  try {
    await act();
  } catch (refusal) {
    failed(refusal);
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

async function another() {
  const button = byId("another");
  button.disabled = true;
  try {
    await api.another(finished);
    setText(byId("another-problem"), "");
  } catch (refusal) {
    setText(byId("another-problem"), refusal.message);
  } finally {
    button.disabled = false;
    show(byId("another-problem"), byId("another-problem").textContent !== "");
  }
}

// Choices made quickly, as by arrow keys, arrive in their order.
function chooseType() {
  const [sent, key] = [callId, byId("field-request_type").value];
  lastWish = lastWish.then(() => api.correctType(sent, key)).catch(failed);
}

// The service is there again: what was typed meanwhile goes to it.
export const sendDraft = () => draft.flush();

export function forgetDrafts() {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith("hotline-")) sessionStorage.removeItem(key);
  }
}

// What was written down before the call was known; the writing goes on here.
export function addToNote({ text, writing }) {
  const note = byId("field-note");
  note.value = [note.value, text].filter(Boolean).join("\n");
  draft.keep();
  if (writing) note.focus();
}

export function focusNote() {
  if (!form.hidden && !byId("call").hidden) byId("field-note").focus();
}

fillResponsible(form);

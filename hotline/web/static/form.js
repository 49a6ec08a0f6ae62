// What the agent writes down about a call: kept as typed, never touched by updates, sent once.

import { byId, build, setText, show } from "./dom.js";
import { api } from "./api.js";

const DRAFT = "hotline-draft-";
const form = byId("disposition");
let callId = "";
let typeKey = "";

export function renderForm(call) {
  show(form, Boolean(call) && !call.disposed);
  if (!call || call.disposed) return forget(call);
  if (call.call_id !== callId) begin(call);
  if (call.request_type.key !== typeKey) buildTypeFields(call);
  prefill(call);
  return undefined;
}

function begin(call) {
  form.reset();
  clearFindings();
  callId = call.call_id;
  typeKey = "";
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(DRAFT) && key !== DRAFT + callId) sessionStorage.removeItem(key);
  }
  restore();
}

// The draft goes once the call is disposed of; while there is merely no call to show it stays.
function forget(call) {
  if (call?.disposed) dropDraft(call.call_id);
}

function dropDraft(id) {
  sessionStorage.removeItem(DRAFT + id);
  if (id === callId) callId = "";
}

function buildTypeFields(call) {
  typeKey = call.request_type.key;
  const { fields, label } = call.request_type;
  byId("type-fields-list").replaceChildren(...fields.map(fieldFor));
  setText(byId("type-fields-legend"), label);
  show(byId("type-fields"), fields.length > 0);
  restore();
}

function fieldFor(field) {
  const id = `field-${field.key}`;
  const common = { id, name: field.key, "aria-describedby": `error-${field.key}`, "aria-required": String(field.required), autocomplete: "off" };
  const label = build("label", { for: id }, field.label, field.required ? "" : " (freiwillig)");
  const error = build("p", { class: "error", id: `error-${field.key}`, "data-error-for": field.key, hidden: true });
  return build("div", { class: "field" }, label, control(field, common), error);
}

function control(field, common) {
  if (field.kind === "choice") {
    const options = ["", ...field.choices].map((choice) => build("option", { value: choice }, choice || "Bitte wählen"));
    return build("select", common, ...options);
  }
  const kinds = {
    date: { type: "date" },
    money: { type: "text", inputmode: "decimal", placeholder: "0,00" },
    number: { type: "text", inputmode: "numeric" },
    phone: { type: "tel" },
  };
  return build("input", { ...common, maxlength: "500", ...(kinds[field.kind] ?? { type: "text" }) });
}

// What is known already, unless something was typed: first what the agent before has asked.
function prefill(call) {
  const known = { household_number: call.household_number, phone: call.caller, ...written(call.handed) };
  for (const [name, value] of Object.entries(known)) {
    const input = form.elements[name];
    if (value && input && input.value === "" && !(name in draft())) input.value = value;
  }
  showFieldsFor(outcome());
}

const written = (handed) => Object.fromEntries(Object.entries(handed?.values ?? {}).filter(([, value]) => value));

const outcome = () => form.elements.outcome.value;

function showFieldsFor(chosen) {
  const personal = chosen === "forwarded" || chosen === "callback";
  show(byId("person"), personal);
  for (const part of form.querySelectorAll("[data-for]")) {
    const empty = part.id === "type-fields" && !byId("type-fields-list").children.length;
    show(part, !empty && part.dataset.for.split(" ").includes(chosen));
  }
}

const draft = () => JSON.parse(sessionStorage.getItem(DRAFT + callId) ?? "{}");

function keep() {
  if (!callId) return;
  sessionStorage.setItem(DRAFT + callId, JSON.stringify({ ...draft(), ...Object.fromEntries(new FormData(form)) }));
}

function restore() {
  for (const [name, value] of Object.entries(draft())) {
    const input = form.elements[name];
    if (input && input.value !== value) input.value = value;
  }
  showFieldsFor(outcome());
}

// Only what is asked for at this outcome; what else was typed stays in the draft.
function values() {
  const chosen = [...form.elements].filter((input) => input.name && input.name !== "outcome" && input.closest("[hidden]") === null);
  return Object.fromEntries(chosen.map((input) => [input.name, input.value.trim()]));
}

// All that stands in the form so far, for whoever takes the call over.
export function typedValues() {
  const typed = [...new FormData(form)].filter(([name, value]) => name !== "outcome" && value.trim() !== "");
  return Object.fromEntries(typed.map(([name, value]) => [name, value.trim()]));
}

function clearFindings() {
  showFindings("", {});
}

function showFindings(message, fields) {
  setText(byId("disposition-message"), message);
  show(byId("disposition-message"), message !== "");
  for (const place of form.querySelectorAll("[data-error-for]")) {
    const name = place.dataset.errorFor;
    const finding = fields[name] ?? "";
    setText(place, finding);
    show(place, finding !== "");
    const input = name === "outcome" ? null : form.elements[name];
    if (finding) input?.setAttribute("aria-invalid", "true");
    else input?.removeAttribute("aria-invalid");
  }
  const first = form.querySelector("[aria-invalid]") ?? (fields.outcome ? form.elements.outcome[0] : null);
  first?.focus();
}

// disposed(callId, result) is told after the service has stored everything.
export function onDisposed(disposed) {
  form.addEventListener("input", keep);
  form.addEventListener("change", () => {
    keep();
    showFieldsFor(outcome());
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearFindings();
    const button = byId("dispose");
    const [sent, chosen] = [callId, outcome()];
    button.disabled = true;
    try {
      const result = await api.dispose(sent, chosen, values());
      dropDraft(sent);
      disposed(sent, chosen, result);
    } catch (refusal) {
      showFindings(refusal.message, refusal.fields ?? {});
    } finally {
      button.disabled = false;
    }
  });
}

export function forgetDrafts() {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith("hotline-")) sessionStorage.removeItem(key);
  }
}

// What was written down before the call was known; the writing goes on here.
export function addToNote({ text, writing }) {
  const note = byId("field-note");
  note.value = [note.value, text].filter(Boolean).join("\n");
  keep();
  if (writing) note.focus();
}

export function focusNote() {
  if (!form.hidden && !byId("call").hidden) byId("field-note").focus();
}

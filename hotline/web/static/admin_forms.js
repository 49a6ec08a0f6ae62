// Forms whose values go into the draft: what is typed stays until it is stored, whatever else happens.

import { nowSeen, post, seen } from "./admin_api.js";
import { byId, build, setText, show } from "./dom.js";

const SAVED = "hotline-admin-saved";
const CHECK_FIELDS = "Bitte prüfen Sie die markierten Felder."; // the service's words when all findings have a field
const forms = new Map(); // form → what stood in it when it was shown or stored

// Values by field name. Several fields of one name (`data-list`) make a list; what is not ticked is "".
export function valuesOf(form, of = now) {
  const values = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || field.type === "submit") continue;
    const { ticked, value } = of(field);
    if ("list" in field.dataset) {
      values[field.name] ??= [];
      if (ticked) values[field.name].push(value);
    } else values[field.name] = field.type === "checkbox" ? (ticked ? "on" : "") : value;
  }
  return values;
}

const now = (field) => ({ ticked: field.type !== "checkbox" || field.checked, value: field.value });

// As the service has sent it: something may have been typed before the scripts came, or kept by the browser in a reload.
function sent(field) {
  if (field.options) return { ticked: true, value: ([...field.options].find((one) => one.defaultSelected) ?? field.options[0])?.value ?? "" };
  return { ticked: field.type !== "checkbox" || field.defaultChecked, value: field.defaultValue };
}

export const valuesSent = (form) => valuesOf(form, sent);
export const isChanged = (form) => forms.has(form) && JSON.stringify(valuesOf(form)) !== forms.get(form);
export const anyChanged = () => [...forms.keys()].some(isChanged);

export function watch(form, values = valuesSent(form)) {
  forms.set(form, JSON.stringify(values));
}

// With `data-only-changed` what others have changed elsewhere in the form stays as they left it. A list without any field
// left is []; lists that make pairs (monday-start, monday-end) go together.
function toSend(form) {
  const values = valuesOf(form);
  if (!("onlyChanged" in form.dataset)) return values;
  const before = JSON.parse(forms.get(form));
  const names = Object.keys({ ...before, ...values });
  const isList = (name) => Array.isArray(values[name] ?? before[name]);
  const unit = (name) => (isList(name) ? name.replace(/-[a-z]+$/, "") : name);
  const changed = new Set(names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(values[name])).map(unit));
  return Object.fromEntries(names.filter((name) => changed.has(unit(name))).map((name) => [name, values[name] ?? []]));
}

// A finding at each field it belongs to; the first wrong field gets the focus. Tells whether any had a place.
export function showFindings(form, findings) {
  let first = null;
  for (const place of form.querySelectorAll("[data-error-for]")) {
    const finding = findings[place.dataset.errorFor] ?? "";
    setText(place, finding);
    show(place, finding !== "");
    for (const field of fieldsAt(form, place)) {
      if (finding) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
      if (finding) first ??= field;
    }
    if (finding) first ??= place.closest("fieldset")?.querySelector("input, button") ?? null;
  }
  first?.closest("details")?.setAttribute("open", "");
  first?.focus();
  return first !== null;
}

const fieldsAt = (form, place) => [...form.elements].filter((field) => field.getAttribute("aria-describedby")?.split(" ").includes(place.id));

export function refuse(message) {
  setText(byId("refusal"), message);
  show(byId("refusal"), message !== "");
  if (message) byId("refusal").scrollIntoView({ block: "nearest" });
}

export function say(message) {
  setText(byId("saved"), message);
  show(byId("saved"), message !== "");
}

// After the change the page is shown anew, with what was done on top of it.
export function showAnew(message) {
  sessionStorage.setItem(SAVED, message);
  forms.clear();
  location.reload();
}

function tellWhatWasDone() {
  const message = sessionStorage.getItem(SAVED);
  if (!message) return;
  sessionStorage.removeItem(SAVED);
  say(message);
  byId("saved").focus();
}

// Ask the service; what it refuses is told where it belongs. `again` asks once more after somebody else has saved.
export async function attempt(form, act, { again = null, whole = false, look = false } = {}) {
  if (form.dataset.busy) return null;
  form.dataset.busy = "true";
  refuse("");
  say("");
  try {
    const answer = await act();
    showFindings(form, {});
    show(byId("outdated"), false);
    return answer ?? {};
  } catch (error) {
    if (error.outdated && again) outdated(error, again, { whole, look });
    else if (!showFindings(form, error.fields ?? {}) || error.message !== CHECK_FIELDS) refuse(error.message);
    return null;
  } finally {
    delete form.dataset.busy;
  }
}

// `look`: nothing was typed that could be kept, the new state is to be seen first.
function outdated(error, again, { whole, look }) {
  const panel = byId("outdated");
  setText(byId("outdated-message"), error.message);
  const lines = error.outdated.difference;
  byId("outdated-difference").replaceChildren(...lines.map((line) => build("li", { "data-kind": line[0] }, line)));
  show(byId("outdated-whole"), whole);
  for (const id of ["outdated-kept", "outdated-see", "outdated-reload"]) show(byId(id), !look);
  setText(byId("outdated-again"), look ? "Seite neu laden und ansehen" : "Meine Angaben trotzdem übernehmen");
  show(panel, true);
  panel.focus();
  byId("outdated-again").onclick = () => {
    nowSeen(error.outdated);
    again();
  };
  byId("outdated-reload").onclick = () => {
    forms.clear();
    location.reload();
  };
}

async function send(form) {
  const body = { ...seen(), values: toSend(form) };
  const answer = await attempt(form, () => post(form.dataset.post, body), { again: () => send(form) });
  if (!answer) return;
  if (answer.unchanged) return say("Es gibt nichts zu ändern: Das steht dort schon so.");
  watch(form, valuesOf(form));
  if (!anyChanged()) return showAnew(form.dataset.done);
  nowSeen(answer);
  say(`${form.dataset.done} Auf dieser Seite haben Sie noch etwas anderes geändert, das noch nicht gespeichert ist.`);
  byId("saved").focus();
}

export function startForms() {
  for (const form of document.querySelectorAll("form[data-post]")) {
    watch(form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form);
    });
  }
  addEventListener("beforeunload", (event) => anyChanged() && event.preventDefault());
  tellWhatWasDone();
}

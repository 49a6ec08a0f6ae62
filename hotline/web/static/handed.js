// What the agent before has already asked the caller, shown with the call from the first ring on.

import { byId, build, fillList, setText, show } from "./dom.js";
import { handedBy } from "./situation.js";

export function renderHanded(call) {
  const handed = call?.handed;
  show(byId("handed"), Boolean(handed));
  if (!handed) return;
  const mine = ["talking", "wrap_up"].includes(call.phase);
  setText(byId("handed-heading"), mine ? `Übergeben von ${handed.by}` : handedBy(handed));
  setText(byId("handed-note"), handed.note);
  show(byId("handed-note"), handed.note !== "");
  const lines = written(call);
  show(byId("handed-values"), lines.length > 0);
  show(byId("handed-none"), lines.length === 0 && handed.note === "");
  fillList(byId("handed-values"), lines, ([label, value]) => build("div", {}, build("dt", {}, label), build("dd", {}, value)));
}

// Number and household stand above already.
function written({ handed, request_type: { fields }, caller, household_number: household }) {
  const known = { phone: caller, household_number: household };
  const kinds = Object.fromEntries(fields.map(({ key, kind }) => [key, kind]));
  const labels = Object.fromEntries(fields.map(({ key, label }) => [key, label]));
  return Object.entries(handed.values)
    .filter(([key, value]) => value !== "" && value !== known[key])
    .map(([key, value]) => [labels[key] ?? formLabel(key), inWords(key, value, kinds[key])]);
}

const formLabel = (key) => document.querySelector(`label[for="field-${CSS.escape(key)}"]`)?.firstChild.textContent.trim() ?? key;

function inWords(key, value, kind) {
  if (kind === "date") return value.split("-").reverse().join(".");
  if (key !== "office") return value;
  return [...byId("field-office").options].find((option) => option.value === value)?.text ?? value;
}

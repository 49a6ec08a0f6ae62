// Fields of a request type's form, and findings at the fields they belong to.

import { build, setText, show } from "./dom.js";

// `prefix` keeps ids apart when two forms have the same field.
export function fieldFor(field, prefix = "") {
  const id = `${prefix}field-${field.key}`;
  const error = `${prefix}error-${field.key}`;
  const common = { id, name: field.key, "aria-describedby": error, "aria-required": String(field.required), autocomplete: "off" };
  const label = build("label", { for: id }, field.label, field.required ? "" : " (freiwillig)");
  const place = build("p", { class: "error", id: error, "data-error-for": field.key, hidden: true });
  return build("div", { class: "field" }, label, control(field, common), place);
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

// Each finding under its field, the message in `place`; the first field that has one gets the focus.
export function showFindings(form, place, message, fields) {
  setText(place, message);
  show(place, message !== "");
  for (const error of form.querySelectorAll("[data-error-for]")) {
    const name = error.dataset.errorFor;
    const finding = fields[name] ?? "";
    setText(error, finding);
    show(error, finding !== "");
    const input = name === "outcome" ? null : form.elements[name];
    if (finding) input?.setAttribute("aria-invalid", "true");
    else input?.removeAttribute("aria-invalid");
  }
  const first = form.querySelector("[aria-invalid]") ?? (fields.outcome ? form.elements.outcome[0] : null);
  first?.focus();
}

// Which of the parts belong to the chosen outcome.
export function showParts(form, chosen) {
  for (const part of form.querySelectorAll("[data-for]")) show(part, part.dataset.for.split(" ").includes(chosen));
}

// Only what is asked for at this outcome: what is hidden is not sent.
export function shownValues(form) {
  const shown = [...form.elements].filter((input) => input.name && !NOT_SENT.has(input.name) && input.closest("[hidden]") === null);
  return Object.fromEntries(shown.filter((input) => input.type !== "radio").map((input) => [input.name, input.value.trim()]));
}

const NOT_SENT = new Set(["outcome", "request_type"]);

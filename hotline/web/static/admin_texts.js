// The texts: how long each is to listen to, which were changed, and finding one among them.

import { valuesSent } from "./admin_forms.js";
import { byId, setText, show } from "./dom.js";

const PER_SECOND = 15; // characters the voice speaks
const form = byId("texts-form");
const long = Number(form.dataset.long);
const fields = [...form.querySelectorAll("[data-text]")];
const before = valuesSent(form);

for (const field of fields) {
  field.addEventListener("input", () => render(field));
  render(field);
}
byId("texts-filter").addEventListener("input", filter);

function render(field) {
  const place = byId(`${field.id}-length`);
  const letters = field.value.trim().length;
  const tooLong = letters > long;
  const seconds = Math.max(1, Math.round(letters / PER_SECOND));
  setText(place, `etwa ${seconds} ${seconds === 1 ? "Sekunde" : "Sekunden"}${tooLong ? `, ${letters} Zeichen: Kürzen hilft den Anrufenden` : ""}`);
  place.toggleAttribute("data-too-long", tooLong);
  field.toggleAttribute("data-changed", field.value !== before[field.name]);
  const changed = fields.filter((one) => one.value !== before[one.name]).length;
  setText(byId("texts-changed"), changed ? `${changed} geändert` : "");
}

function filter() {
  const wanted = byId("texts-filter").value.trim().toLocaleLowerCase("de");
  let found = 0;
  for (const section of form.querySelectorAll("section.texts")) {
    let any = false;
    for (const prompt of section.querySelectorAll("[data-prompt]")) {
      const said = [...prompt.querySelectorAll("[data-text]")].map((field) => field.value).join(" ");
      const fits = `${prompt.querySelector("h3").textContent} ${said}`.toLocaleLowerCase("de").includes(wanted);
      show(prompt, fits);
      any ||= fits;
      found += fits ? 1 : 0;
    }
    show(section, any);
  }
  setText(byId("texts-found"), wanted ? `${found} gefunden` : "");
}

// Trying out: one call by what is in use and by the draft side by side; calls of the past that would go elsewhere.

import { post } from "./admin_api.js";
import { attempt, valuesOf } from "./admin_forms.js";
import { build, byId, setText, show } from "./dom.js";

const form = byId("explain-form");
const replay = byId("replay-form");

byId("explain-type").addEventListener("change", (event) => {
  form.elements.press.value = event.target.value;
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const values = valuesOf(form);
  if (values.free.length === form.querySelectorAll("[name=free]").length) delete values.free;
  const told = await attempt(form, () => post("/admin/explain", { values }));
  if (told) explained(told);
});
replay?.addEventListener("submit", async (event) => {
  event.preventDefault();
  setText(byId("announce"), "Die Anrufe werden verglichen …");
  const found = await attempt(replay, () => post("/admin/replay", { values: valuesOf(replay) }));
  setText(byId("announce"), "");
  if (found) replayed(found);
});

function explained(told) {
  for (const section of document.querySelectorAll("[data-side]")) {
    const side = told[section.dataset.side];
    show(section, Boolean(side));
    if (side) fill(section, side);
  }
  const same = told.draft ? "Für diesen Anruf ändert der Entwurf nichts." : "Es gibt keinen Entwurf. So läuft der Anruf jetzt.";
  setText(byId("explain-differs"), told.differs ? "Für diesen Anruf ändert der Entwurf etwas." : same);
  show(byId("explained"), true);
  byId("explained").focus();
}

function fill(section, { facts, offered, steps }) {
  section.querySelector("dl").replaceChildren(...facts.map(({ label, value }) => build("div", {}, build("dt", {}, label), build("dd", {}, value))));
  section.querySelector(".offered").replaceChildren(...offered.map((name) => build("li", {}, name)));
  show(section.querySelector(".nobody"), offered.length === 0);
  show(section.querySelector(".offered"), offered.length > 0);
  section.querySelector(".steps").replaceChildren(...steps.map(({ event, effects }) => build("li", {}, event, build("ul", {}, ...effects.map((effect) => build("li", {}, effect))))));
}

function replayed({ since, calls, elsewhere, kinds, moved }) {
  setText(byId("replay-count"), elsewhere ? `${elsewhere} von ${calls} Anrufen wären anders verlaufen.` : `Keiner von ${calls} Anrufen wäre anders verlaufen.`);
  setText(byId("replay-since"), `Seit ${since}.`);
  byId("replay-kinds").replaceChildren(...kinds.map(({ words, calls: count }) => build("li", {}, `${words}: ${count}`)));
  byId("replay-moved").replaceChildren(...moved.map((call) => build("tr", {}, ...[call.at, call.type, call.before, call.after].map((cell) => build("td", {}, cell)))));
  show(byId("replay-table"), moved.length > 0);
  setText(byId("replay-more"), `Gezeigt sind die neuesten ${moved.length}.`);
  show(byId("replay-more"), elsewhere > moved.length);
  show(byId("replayed"), true);
  byId("replayed").focus();
}

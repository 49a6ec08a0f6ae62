// Callers who were rung back in vain today until the last try: somebody may have to write to them.

import { byId, setText, show } from "./dom.js";
import { fillParts } from "./parts.js";
import { shortly } from "./times.js";

export function renderGivenUp(tasks) {
  show(byId("given-up-part"), tasks.length > 0);
  fillParts(byId("given-up"), byId("given-up-template"), tasks, (task) => task.id, (parts, task) => {
    setText(parts.number, task.number ?? "ohne Nummer");
    setText(parts.type, task.type);
    setText(parts.facts, facts(task));
  });
}

function facts({ household_number: household, tries, since }) {
  const times = tries === 1 ? "1 Versuch" : `${tries} Versuche`;
  return [household ? `BG ${household}` : "", times, `gewünscht ${shortly(since)}`].filter(Boolean).join(" · ");
}

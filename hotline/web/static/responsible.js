// Who will get a request that is passed on, and by which rule; the agent can choose somebody else and says why. With it
// comes whether the caller can have the receipt by short message.

import { api } from "./api.js";
import { byId, build, fillList, setAttribute, setText, show } from "./dom.js";
import { after, cancel } from "./timers.js";

const WAIT_MS = 300;
let timer = null;
let asked = "";

// `draft` is what was typed before: a choice comes back as soon as there is something to choose from.
export function considerResponsible(form, callId, type, draft) {
  const [office, name] = ["office", "family_name"].map((key) => form.elements[key].value.trim());
  const forwarded = form.elements.outcome.value === "forwarded";
  const wish = forwarded && office && name ? JSON.stringify([callId, office, name, type]) : "";
  if (wish === asked) return;
  asked = wish;
  cancel(timer);
  if (!wish) return clear();
  timer = after(WAIT_MS, () => ask(wish, callId, office, name, draft));
  return undefined;
}

function clear() {
  show(byId("responsible"), false);
  show(byId("sms-part"), false);
  setText(byId("responsible-line"), "");
}

async function ask(wish, callId, office, name, draft) {
  const found = await api.responsible(callId, office, name).catch(() => null);
  if (asked !== wish) return;
  if (!found) {
    asked = ""; // asked again with the next change
    return clear();
  }
  render(found, draft);
}

function render(found, draft) {
  const select = byId("field-responsible");
  const before = select.value || draft.responsible || "";
  const own = { key: "", name: `${found.name} (Vorschlag)`, absent: false };
  fillList(select, [own, ...found.choices.filter(({ key }) => key !== found.key)], ({ key, name, absent }) =>
    build("option", { value: key }, absent ? `${name} (abwesend)` : name));
  select.value = [...select.options].some(({ value }) => value === before) ? before : "";
  setText(byId("responsible-line"), `Zuständig: ${found.name} (${found.rule})`);
  byId("responsible-line").classList.toggle("warn", found.team);
  show(byId("responsible"), true);
  show(byId("sms-part"), Boolean(found.sms));
  showReason();
  if (select.value) open(true);
}

function open(yes) {
  show(byId("responsible-other"), yes);
  setAttribute(byId("responsible-change"), "aria-expanded", String(yes));
}

// Whoever follows the rule need not say why.
function showReason() {
  show(byId("responsible-why"), byId("field-responsible").value !== "");
}

export function fillResponsible(form) {
  byId("field-responsible").addEventListener("change", showReason);
  byId("responsible-change").addEventListener("click", () => {
    const opening = byId("responsible-other").hidden;
    open(opening);
    if (opening) byId("field-responsible").focus();
  });
  form.addEventListener("reset", () => {
    asked = "";
    clear();
    open(false);
  });
}

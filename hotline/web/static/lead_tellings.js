// What is told to everybody: the announcement to callers, messages to agents; each with its end.

import { byId, setText, show } from "./dom.js";
import { done } from "./lead_agents.js";
import { leadApi } from "./lead_api.js";
import { fillParts, partsOf, refuse, refuseForm, showFindings } from "./parts.js";
import { atClock } from "./times.js";

let announcement = null;

export function renderTellings(snapshot) {
  announcement = snapshot.announcement;
  show(byId("announcement-on"), announcement !== null);
  if (announcement) {
    const parts = partsOf(byId("announcement-on"));
    setText(parts.text, announcement.text);
    setText(parts.facts, `von ${announcement.author}, bis ${atClock(announcement.until)} Uhr`);
  }
  fillParts(byId("messages"), byId("message-template"), snapshot.messages, (message) => message.id, (parts, message) => {
    setText(parts.text, message.text);
    setText(parts.facts, facts(message));
    parts.end.setAttribute("aria-label", `Nachricht beenden: ${message.text}`);
    parts.end.onclick = () => leadApi.end(message.id).then(() => done("Die Nachricht ist beendet."), refuse);
  });
  for (const id of ["announcement-until", "message-until"]) suggest(byId(id), snapshot.closes);
}

const facts = ({ author, at, until, read_by: readers }) =>
  `${author}, ${atClock(at)} bis ${atClock(until)} Uhr. ${readers.length ? `Gelesen: ${readers.join(", ")}` : "Noch nicht gelesen"}.`;

// Until closing time, unless somebody has chosen another one.
function suggest(field, closes) {
  if (closes && !field.value && document.activeElement !== field) field.value = closes;
}

export function listenForTellings() {
  submits("announcement-form", leadApi.announce, "Die Ansage ist eingeschaltet.", "Ansage wird gesprochen …");
  submits("message-form", leadApi.message, "Die Nachricht ist gesendet.", "Nachricht wird gesendet …");
  byId("announcement-off").addEventListener("click", () => {
    if (announcement) leadApi.end(announcement.id).then(() => done("Die Ansage ist ausgeschaltet."), refuse);
  });
}

function submits(id, ask, success, meanwhile) {
  const form = byId(id);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    setText(byId("done"), meanwhile);
    try {
      await ask(form.elements.text.value, form.elements.until.value);
      showFindings(form, {});
      form.elements.text.value = "";
      done(success);
    } catch (error) {
      setText(byId("done"), "");
      refuseForm(form, error);
    }
    button.removeAttribute("aria-disabled");
  });
}

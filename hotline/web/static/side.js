// Beside the call: how the telephone is doing, and the callbacks that wait for someone to take them.

import { byId, keepList, setText, show } from "./dom.js";
import { api } from "./api.js";
import { dayAndClock, shortly } from "./times.js";

const names = JSON.parse(document.body.dataset.names);
const PHONES = { off: "Nicht angemeldet.", connecting: "Wird angemeldet …", registered: "Angemeldet, bereit zum Klingeln.", failed: "Nicht angemeldet." };

export function renderPhone(snapshot, phone, local) {
  setText(byId("phone-status"), phoneText(snapshot.phone, phone, local));
  show(byId("phone-take"), local.kind === "browser" && !local.owner);
  show(byId("phone-retry"), local.kind === "browser" && local.owner && phone.status === "failed");
}

function phoneText(told, phone, local) {
  if (local.kind === "desk") return told.registered ? "Tischtelefon ist angemeldet." : "Tischtelefon ist nicht angemeldet.";
  if (!local.owner) return local.kept ? "Im anderen Fenster läuft ein Gespräch." : "Telefon ist in einem anderen Fenster.";
  if (phone.problem) return phone.problem;
  if (phone.status === "registered" && !told.registered) return "Angemeldet, wird geprüft …";
  return PHONES[phone.status];
}

// refused(error) shows what did not work.
export function renderCallbacks(snapshot, refused) {
  const types = Object.fromEntries(snapshot.request_types.map(({ key, label }) => [key, label]));
  const list = snapshot.callbacks;
  setText(byId("callbacks-count"), list.length ? String(list.length) : "");
  show(byId("callbacks-none"), list.length === 0);
  keepList(byId("callbacks"), list, ({ id }) => id, (callback) => create(callback, refused), (element, callback) => {
    const part = parts(element);
    const facts = [types[callback.type] ?? callback.type, `seit ${shortly(callback.since)}`, `bis ${dayAndClock(callback.due)}`];
    if (callback.household_number) facts.push(`BG ${callback.household_number}`);
    setText(part("number"), callback.number ?? "ohne Nummer");
    setText(part("facts"), facts.filter(Boolean).join(" · "));
    const mine = callback.taken_by === snapshot.agent.name;
    show(part("take"), !callback.taken_by);
    show(part("form"), mine);
    show(part("taken"), Boolean(callback.taken_by));
    setText(part("taken"), mine ? "Von Ihnen übernommen." : `Übernommen von ${names[callback.taken_by] ?? callback.taken_by ?? ""}.`);
  });
}

const parts = (element) => (name) => element.querySelector(`[data-part="${name}"]`);

function create(callback, refused) {
  const element = byId("callback-template").content.firstElementChild.cloneNode(true);
  const part = parts(element);
  part("take").setAttribute("aria-label", `Rückruf ${callback.number ?? ""} übernehmen`);
  part("take").addEventListener("click", () => api.takeCallback(callback.id).catch(refused));
  part("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const { outcome, note } = part("form").elements;
    try {
      await api.finishCallback(callback.id, outcome.value, note.value.trim());
      show(part("error"), false);
    } catch (error) {
      setText(part("error"), error.message);
      show(part("error"), true);
    }
  });
  return element;
}

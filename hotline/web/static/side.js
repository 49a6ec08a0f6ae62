// Beside the call: how the telephone is doing, and the callbacks that wait for someone to take them.

import { announce } from "./attention.js";
import { api } from "./api.js";
import { finished, goesOn, placeText, ringBack } from "./callback_call.js";
import { byId, build, fillList, keepList, setDisabled, setText, show } from "./dom.js";
import { dayAndClock, secondsUntil, shortly } from "./times.js";

const names = JSON.parse(document.body.dataset.names);
const PHONES = { off: "Nicht angemeldet.", connecting: "Wird angemeldet …", registered: "Angemeldet, bereit zum Klingeln.", failed: "Nicht angemeldet." };
let newest = null;

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

const isLater = ({ next_try: next }) => Boolean(next) && secondsUntil(next) > 0;

// refused(error) shows what did not work.
export function renderCallbacks(snapshot, refused) {
  newest = { snapshot, refused };
  const list = snapshot.callbacks;
  const due = list.filter((callback) => !isLater(callback));
  const later = list.filter(isLater);
  setText(byId("callbacks-count"), due.length ? String(due.length) : "");
  show(byId("callbacks-none"), due.length === 0);
  setText(byId("callbacks-none"), later.length ? "Jetzt ist kein Rückruf an der Reihe." : "Keine offenen Rückrufe.");
  show(byId("callbacks-later-part"), later.length > 0);
  setText(byId("callbacks-later-count"), String(later.length));
  renderList(byId("callbacks"), due, snapshot, refused);
  renderList(byId("callbacks-later"), later, snapshot, refused);
  renderGivenUp(snapshot.callbacks_given_up ?? []);
}

// A callback whose time has come moves up without any news from the service.
export function tickCallbacks() {
  if (!newest) return;
  const waiting = newest.snapshot.callbacks.filter(isLater).length;
  if (waiting !== byId("callbacks-later").children.length) renderCallbacks(newest.snapshot, newest.refused);
}

function renderList(container, list, snapshot, refused) {
  keepList(container, list, ({ id }) => id, (callback) => create(callback, refused), (element, callback) => renderOne(element, callback, snapshot));
}

function renderOne(element, callback, { agent, call, callback_call: ring, callback_offer: offer }) {
  const part = parts(element);
  const mine = callback.taken_by === agent.name;
  const inHand = ring?.id === callback.id && (goesOn(ring) || ring.asks); // then it is in the middle of the page
  const busy = Boolean(call) || goesOn(ring) || Boolean(ring?.asks) || Boolean(offer);
  setText(part("number"), callback.number ?? "ohne Nummer");
  setText(part("facts"), factsOf(callback));
  setText(part("tries"), triesOf(callback));
  show(part("tries"), triesOf(callback) !== "");
  show(part("take"), !callback.taken_by && offer?.id !== callback.id);
  show(part("ring"), mine && !inHand && callback.can_ring === true);
  setDisabled(part("ring"), busy || isLater(callback));
  show(part("form"), mine && !inHand);
  show(part("taken"), Boolean(callback.taken_by));
  setText(part("taken"), takenText(callback, mine, inHand));
  const why = mine && !inHand ? whyNot(callback, ring) : "";
  setText(part("why"), why);
  show(part("why"), why !== "");
}

function factsOf(callback) {
  const since = placeText(callback.place) || `seit ${shortly(callback.since)}`;
  const facts = [callback.type, since, `bis ${dayAndClock(callback.due)}`];
  if (callback.language) facts.push(callback.language);
  if (callback.household_number) facts.push(`BG ${callback.household_number}`);
  if (callback.same_number) facts.push(`${callback.same_number} weitere zu dieser Nummer`);
  return facts.filter(Boolean).join(" · ");
}

function triesOf({ tries, tries_most: most, next_try: next }) {
  if (!tries) return "";
  const when = next && secondsUntil(next) > 0 ? `, nächster ab ${shortly(next)}` : "";
  return `${tries} von ${most} Versuchen ohne Erfolg${when}`;
}

function takenText({ taken_by: by }, mine, inHand) {
  if (inHand) return "Läuft gerade, siehe Mitte der Seite.";
  return mine ? "Von Ihnen übernommen." : `Übernommen von ${names[by] ?? by ?? ""}.`;
}

function whyNot(callback, ring) {
  if (callback.why_not) return callback.why_not;
  return ring?.id === callback.id && ring.stage === "over" ? (ring.words ?? "") : "";
}

function renderGivenUp(list) {
  show(byId("callbacks-given-up-part"), list.length > 0);
  setText(byId("callbacks-given-up-count"), String(list.length));
  fillList(byId("callbacks-given-up"), list, (callback) =>
    build("li", { class: "callback" }, build("p", { class: "number" }, callback.number ?? "ohne Nummer"),
      build("p", { class: "small" }, `${callback.type} · ${callback.tries} Versuche · seit ${shortly(callback.since)}`)));
}

const parts = (element) => (name) => element.querySelector(`[data-part="${name}"]`);

function create(callback, refused) {
  const element = byId("callback-template").content.firstElementChild.cloneNode(true);
  const part = parts(element);
  part("take").setAttribute("aria-label", `Rückruf ${callback.number ?? ""} übernehmen`);
  part("take").addEventListener("click", () => api.takeCallback(callback.id).catch(refused));
  part("ring").setAttribute("aria-label", `${callback.number ?? ""} anrufen`);
  part("ring").addEventListener("click", () => ringBack(callback.id).catch(refused));
  part("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const { outcome, note } = part("form").elements;
    const task = newest?.snapshot.callbacks.find(({ id }) => id === callback.id);
    try {
      await api.finishCallback(callback.id, outcome.value, note.value.trim());
      show(part("error"), false);
      announce(finished(outcome.value, task));
    } catch (error) {
      setText(part("error"), error.message);
      show(part("error"), true);
    }
  });
  return element;
}

// The threat button: pressed, and pressed again in the same place. Silent: the caller hears nothing of it.

import { api } from "./api.js";
import { announce } from "./attention.js";
import { byId, build, fillList, setAttribute, setDisabled, setText, show } from "./dom.js";
import { after, cancel } from "./timers.js";
import { atClock } from "./times.js";

const PHASES = ["talking", "consulting", "lost", "wrap_up"];
const CALL = "threat";
const CALLBACK = "callback-threat"; // the button beside a caller who is rung back
const ARMED_MS = 8000;
const TOO_FAST_MS = 300; // a double click is one press
const AGAIN = "Noch einmal drücken: Das löst den stillen Alarm aus.";
const FAILED = "Der Alarm ist nicht bestätigt. Bitte noch einmal, oder rufen Sie die Leitung direkt.";
const OPEN = "Bei der Leitung ist eine Seite offen, auf der er steht.";
const NOT_OPEN = "Bei der Leitung ist gerade keine Seite offen, auf der er steht. Rufen Sie selbst Hilfe.";
const NOT_KNOWN = "Die Verbindung ist unterbrochen: Wer ihn seitdem gesehen hat, ist nicht bekannt.";
let current = null; // {call_id, place}: the talk an alarm would be about, and the id of its button
let armedAt = null;
let timer = null;
let sending = false;
let told = "";

// refused(error) shows what did not work.
export function listenForThreat(refused) {
  for (const place of [CALL, CALLBACK]) {
    const button = byId(place);
    button.addEventListener("keydown", (event) => event.repeat && event.preventDefault());
    button.addEventListener("keydown", (event) => event.key === "Escape" && disarm());
    button.addEventListener("blur", disarm);
    button.addEventListener("click", () => press(refused));
  }
}

async function press(refused) {
  if (!current || sending) return;
  if (armedAt === null) return arm();
  if (performance.now() - armedAt < TOO_FAST_MS) return;
  disarm();
  sending = true;
  setText(byId(`${current.place}-text`), "Alarm wird gesendet …");
  await api.threat(current.call_id).catch((error) => refused(new Error(error.status === 409 ? error.message : FAILED)));
  sending = false;
  draw();
}

function arm() {
  armedAt = performance.now();
  timer = after(ARMED_MS, disarm);
  byId(current.place).focus();
  announce(AGAIN);
  draw();
}

function disarm() {
  if (armedAt === null) return;
  armedAt = null;
  cancel(timer);
  draw();
}

function draw() {
  for (const place of [CALL, CALLBACK]) {
    setAttribute(byId(place), "data-armed", String(armedAt !== null));
    if (!sending) setText(byId(`${place}-text`), armedAt === null ? "Bedrohung" : "Alarm auslösen?");
  }
}

// Of a call of the line and a callback the call counts, as for the service.
function talkOf(call, ring) {
  if (call) return { call_id: call.call_id, place: CALL, possible: PHASES.includes(call.phase) };
  if (ring?.talked_since) return { call_id: ring.call_id, place: CALLBACK, possible: true };
  return null;
}

// Nothing but what is known: an alarm that is raised is not yet one that somebody sees.
function standing({ at, seen_by: who, seen_at: seen, watched, mailed_at: mailed }, connected) {
  if (who) return `Gesehen von ${who}, ${atClock(seen)} Uhr.`;
  const parts = [`Ausgelöst um ${atClock(at)} Uhr, noch von niemandem gesehen.`];
  if (!connected) return [...parts, NOT_KNOWN].join(" ");
  if (mailed) parts.push(`Um ${atClock(mailed)} Uhr wurde der Leitung eine E-Mail geschrieben.`);
  return [...parts, watched ? OPEN : NOT_OPEN].join(" ");
}

// Told to screen readers once, and again with each step; not each time that somebody opens or closes a page.
function tell(threat, text) {
  const step = [threat.at, threat.mailed_at, threat.seen_by].join(" ");
  if (told !== step) announce(`Stiller Alarm. ${text}`);
  told = step;
}

// ring: the callback on the screen; threat: the alarm about what is there, once it is raised
export function renderThreat(call, ring, threat, connected) {
  const talk = talkOf(call, ring);
  const possible = Boolean(talk?.possible) && !threat;
  if (!possible || talk.call_id !== current?.call_id) disarm();
  current = talk;
  for (const place of [CALL, CALLBACK]) {
    show(byId(place), possible && talk.place === place);
    setDisabled(byId(place), sending);
    show(byId(`${place}-panel`), Boolean(threat) && talk?.place === place);
  }
  if (!talk || !threat) {
    told = "";
    return;
  }
  const text = standing(threat, connected);
  setText(byId(`${talk.place}-state`), text);
  fillList(byId(`${talk.place}-guidance`), threat.guidance, (sentence) => build("li", {}, sentence));
  tell(threat, text);
}

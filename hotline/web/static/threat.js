// The threat button: pressed, and pressed again in the same place. Silent: the caller hears nothing of it.

import { api } from "./api.js";
import { announce } from "./attention.js";
import { byId, build, fillList, setAttribute, setDisabled, setText, show } from "./dom.js";
import { after, cancel } from "./timers.js";
import { atClock } from "./times.js";

const PHASES = ["talking", "consulting", "lost", "wrap_up"];
const ARMED_MS = 8000;
const TOO_FAST_MS = 300; // a double click is one press
const AGAIN = "Noch einmal drücken: Die Leitung wird still alarmiert.";
const FAILED = "Der Alarm ist nicht angekommen. Bitte noch einmal, oder rufen Sie die Leitung direkt.";
let armedAt = null;
let timer = null;
let sending = false;
let told = "";

// current() is the call on the screen; refused(error) shows what did not work.
export function listenForThreat(current, refused) {
  const button = byId("threat");
  button.addEventListener("keydown", (event) => event.repeat && event.preventDefault());
  button.addEventListener("keydown", (event) => event.key === "Escape" && disarm());
  button.addEventListener("blur", disarm);
  button.addEventListener("click", async () => {
    const call = current();
    if (!call || sending) return;
    if (armedAt === null) return arm();
    if (performance.now() - armedAt < TOO_FAST_MS) return;
    disarm();
    sending = true;
    setText(byId("threat-text"), "Alarm wird gesendet …");
    await api.threat(call.call_id).catch((error) => refused(new Error(error.status === 409 ? error.message : FAILED)));
    sending = false;
    draw();
  });
}

function arm() {
  armedAt = performance.now();
  timer = after(ARMED_MS, disarm);
  byId("threat").focus();
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
  setAttribute(byId("threat"), "data-armed", String(armedAt !== null));
  if (!sending) setText(byId("threat-text"), armedAt === null ? "Bedrohung" : "Alarm auslösen?");
}

export function renderThreat(call, threat) {
  const possible = PHASES.includes(call?.phase) && !threat;
  if (!possible) disarm();
  show(byId("threat"), possible);
  setDisabled(byId("threat"), sending);
  show(byId("threat-panel"), Boolean(call && threat));
  if (!call || !threat) {
    told = "";
    return;
  }
  const text = threat.seen_by ? `Gesehen von ${threat.seen_by}, ${atClock(threat.seen_at)} Uhr.` : `Die Leitung ist seit ${atClock(threat.at)} Uhr alarmiert.`;
  setText(byId("threat-state"), text);
  fillList(byId("threat-guidance"), threat.guidance, (sentence) => build("li", {}, sentence));
  if (told !== text) announce(`Stiller Alarm. ${text}`);
  told = text;
}

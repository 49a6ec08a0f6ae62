// The check before the shift: everything a call needs, each with a verdict and, where it fails, what to do.

import { api } from "./api.js";
import { byId, setAttribute, setText, show } from "./dom.js";
import { listenToMicrophone } from "./level.js";
import { today } from "./loudness.js";

const DONE = "hotline-checked"; // the day of the last check in this browser
const VERDICTS = { open: "noch offen", ok: "in Ordnung", bad: "bitte beheben" };
const SLOW_MS = 1000;
const PING_EVERY_MS = 5000;
const RING_MS = 20000;
const QUIET_SECONDS = 5; // without a sound at the microphone
const AWAY = "Der Dienst ist nicht erreichbar. Bitte prüfen Sie das Netz; die Seite verbindet sich von selbst neu.";
const LOCK = "Bitte links neben der Adresse dieser Seite auf das Schloss klicken";

let parts = null; // {phone, tone, connected(), refused(error)}
let snapshot = null;
let local = null;
let level = null;
let pinged = -PING_EVERY_MS;
let pressedReady = false;
let ring = { stage: "none", since: 0 }; // none | asked | ringing | answered

const dialog = byId("check-dialog");
const line = (name) => byId(`check-${name}`);

export function listenForCheck(wired) {
  parts = wired;
  for (const id of ["check-open", "check-now"]) byId(id).addEventListener("click", open);
  byId("check-later").addEventListener("click", done);
  byId("check-done").addEventListener("click", () => dialog.close());
  byId("go-ready").addEventListener("click", () => {
    pressedReady = true;
    renderOffer();
  });
  byId("check-tone").addEventListener("click", () => {
    parts.tone.test();
    show(byId("check-heard"), true);
    show(byId("check-not-heard"), true);
    judge("speaker", "open", "Haben Sie drei Töne gehört?");
  });
  byId("check-heard").addEventListener("click", () => judge("speaker", "ok", "Sie hören den Ton."));
  byId("check-not-heard").addEventListener("click", () =>
    judge("speaker", "bad", "Bitte Stecker und Lautstärke prüfen, und in den Einstellungen des Rechners, welches Gerät den Ton ausgibt."));
  byId("check-allow").addEventListener("click", async () => {
    await Notification.requestPermission();
    judgeNotices();
  });
  byId("check-sample").addEventListener("click", () => parts.tone.sample());
  byId("check-ring-now").addEventListener("click", askForRing);
  byId("check-answer").addEventListener("click", () => parts.phone.answer());
  dialog.addEventListener("close", close);
}

// now: the latest snapshot; telephone: what the telephone does, see agent.js
export function renderCheck(now, telephone) {
  snapshot = now;
  local = telephone;
  byId("check-open").disabled = Boolean(snapshot.call);
  renderOffer();
  if (!dialog.open) return;
  if (snapshot.call) return dialog.close(); // nothing may cover a call
  judgePhone();
  followRing();
  if (!parts.connected()) judge("service", "bad", AWAY);
  else if (performance.now() - pinged >= PING_EVERY_MS) judgeService();
  return undefined;
}

// Offered before the first "ready" of the day, and still with it; never while a call is on the screen.
function renderOffer() {
  const due = localStorage.getItem(DONE) !== today() && (snapshot.intent !== "ready" || pressedReady);
  show(byId("check-offer"), due && !snapshot.call && !dialog.open);
}

function done() {
  localStorage.setItem(DONE, today());
  renderOffer();
}

function open() {
  if (dialog.open || snapshot?.call) return;
  dialog.showModal();
  show(byId("check-heard"), false);
  show(byId("check-not-heard"), false);
  judge("speaker", "open", "Bitte den Ton abspielen.");
  judge("ring", "open", `„Telefon klingeln lassen“ drücken und ${local.kind === "desk" ? "abheben" : "annehmen"}: Sie hören dann die Begrüßung.`);
  ring = { stage: "none", since: 0 };
  if (local.kind === "browser") judgeMicrophone();
  judgeNotices();
  judgeService();
  renderCheck(snapshot, local);
}

function close() {
  level?.stop();
  level = null;
  if (snapshot.test_ring && !snapshot.call) parts.phone.hangUp();
  done();
}

function judge(name, verdict, text) {
  const element = line(name);
  setAttribute(element, "data-verdict", verdict);
  setText(element.querySelector("[data-part=verdict]"), VERDICTS[verdict]);
  setText(element.querySelector("[data-part=text]"), text);
  const all = [...dialog.querySelectorAll("[data-verdict]")].filter((one) => !one.hidden);
  const good = all.filter((one) => one.dataset.verdict === "ok").length;
  setText(byId("check-sum"), `${good} von ${all.length} in Ordnung`);
}

async function judgeMicrophone() {
  judge("microphone", "open", "Der Browser fragt vielleicht, ob diese Seite das Mikrofon benutzen darf: bitte erlauben.");
  try {
    level = await listenToMicrophone((loud, heard, waited) => {
      byId("check-level").value = loud;
      if (heard) judge("microphone", "ok", "Ihre Stimme kommt an.");
      else if (waited > QUIET_SECONDS) judge("microphone", "bad", "Es kommt kein Ton an. Ist das Mikrofon stumm geschaltet, oder ist im Rechner ein anderes gewählt?");
      else judge("microphone", "open", "Bitte sprechen Sie: Der Balken muss ausschlagen.");
    });
    if (!dialog.open) level.stop();
  } catch (error) {
    judge("microphone", "bad", microphoneText(error));
  }
}

function microphoneText({ name }) {
  if (name === "NotAllowedError") return `Diese Seite darf das Mikrofon nicht benutzen. ${LOCK}, das Mikrofon erlauben und die Seite neu laden.`;
  if (name === "NotReadableError") return "Ein anderes Programm benutzt das Mikrofon. Bitte dieses Programm beenden.";
  if (name === "NotFoundError") return "Es ist kein Mikrofon angeschlossen. Bitte das Headset einstecken.";
  return "Das Mikrofon geht nur über https oder auf diesem Rechner selbst.";
}

async function judgeService() {
  pinged = performance.now();
  const began = performance.now();
  try {
    await api.ping();
    const took = Math.round(performance.now() - began);
    if (took > SLOW_MS) judge("service", "bad", `Die Verbindung ist langsam: Antwort nach ${took} Millisekunden. Bitte Netz oder WLAN prüfen.`);
    else judge("service", "ok", `Verbunden, Antwort nach ${took} Millisekunden.`);
  } catch {
    judge("service", "bad", AWAY);
  }
}

function judgePhone() {
  if (local.kind === "desk") {
    if (snapshot.phone.registered) return judge("phone", "ok", "Ihr Tischtelefon ist angemeldet.");
    return judge("phone", "bad", "Ihr Tischtelefon ist nicht angemeldet. Bitte Netzkabel und Strom prüfen.");
  }
  if (!local.owner) return judge("phone", "bad", "Das Telefon ist in einem anderen Fenster. Bitte dort prüfen oder „Telefon hierher holen“.");
  if (parts.phone.problem) return judge("phone", "bad", parts.phone.problem);
  if (parts.phone.status === "registered" && snapshot.phone.registered) return judge("phone", "ok", "Angemeldet, Anrufe können klingeln.");
  return judge("phone", "open", "Wird angemeldet …");
}

function judgeNotices() {
  const state = "Notification" in window ? Notification.permission : "none";
  show(byId("check-allow"), state === "default");
  if (state === "granted") return judge("notices", "ok", "Ein Anruf wird auch gemeldet, wenn dieses Fenster verdeckt ist.");
  if (state === "default") return judge("notices", "open", "Soll ein Anruf auch gemeldet werden, wenn dieses Fenster verdeckt ist?");
  if (state === "denied") return judge("notices", "bad", `Der Browser darf keine Meldungen zeigen. ${LOCK} und Benachrichtigungen erlauben; sonst sehen Sie Anrufe nur in diesem Fenster.`);
  return judge("notices", "bad", "Dieser Browser kann nichts melden. Bitte das Fenster sichtbar lassen.");
}

async function askForRing() {
  if (local.kind === "browser" && !local.owner) return judge("ring", "bad", "Das Telefon ist in einem anderen Fenster. Bitte dort prüfen.");
  try {
    ring = { stage: "asked", since: performance.now() };
    judge("ring", "open", "Gleich klingelt es …");
    await api.testRing();
  } catch (error) {
    ring.stage = "none";
    judge("ring", "bad", error.message);
  }
  return undefined;
}

function followRing() {
  const waited = performance.now() - ring.since;
  const rings = local.kind === "desk" ? snapshot.test_ring : local.incoming;
  if (ring.stage === "asked" && rings) ring.stage = "ringing";
  if (ring.stage === "ringing" && local.talking) ring.stage = "answered";
  const over = local.kind === "desk" ? !snapshot.test_ring : !local.busy;
  if (ring.stage === "asked" && waited > RING_MS) endRing("bad", "Es hat nicht geklingelt. Bitte noch einmal versuchen.");
  else if (ring.stage === "answered" && over) endRing("ok", "Klingeln und Annehmen gehen.");
  else if (ring.stage === "ringing" && over) endRing(...(local.kind === "desk" ? ["ok", "Wenn es geklingelt hat und Sie die Begrüßung gehört haben, ist alles gut."] : ["bad", "Es hat geklingelt, wurde aber nicht angenommen."]));
  else if (ring.stage === "ringing") judge("ring", "open", local.kind === "desk" ? "Ihr Telefon klingelt: bitte abheben." : "Es klingelt: bitte annehmen.");
  else if (ring.stage === "answered") judge("ring", "open", "Sie hören jetzt die Begrüßung, danach wird aufgelegt.");
  show(byId("check-answer"), ring.stage === "ringing" && local.kind === "browser");
}

function endRing(verdict, text) {
  ring.stage = "none";
  judge("ring", verdict, text);
}

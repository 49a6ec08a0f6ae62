// A caller who is rung back. In their turn they are offered: one press starts it, our own telephone first, then the
// caller; afterwards what came of it.

import { announce } from "./attention.js";
import { api } from "./api.js";
import { byId, setAttribute, setText, show } from "./dom.js";
import { atClock, dayAndClock, duration, secondsSince, secondsUntil, shortly } from "./times.js";

const STAGES = { due: "Rückruf an der Reihe", own: "Ihr Telefon klingelt", caller: "Es klingelt dort", talking: "Im Gespräch", over: "Rückruf beendet" };
const PHASES = { due: "offered", over: "wrap_up" };
const MEANS = { talked: "reached", no_answer: "not_reached", busy: "not_reached", unreachable: "not_reached" };
const NOTE = "hotline-callback-note";
const form = byId("callback-call-form");
let pressedHere = ""; // the task whose button was pressed in this window: its own telephone is picked up by itself
let current = null;
let shownFor = "";
let told = "";
let started = ""; // the offer that was started here, and the one that was refused
let refused = "";
let asking = false; // the service has not answered yet whether it rings

export const goesOn = (call) => Boolean(call) && call.stage !== "over" && call.stage !== "due";
// What is offered, until it is started or refused here.
export const isDue = (offer) => Boolean(offer) && offer.offer_id !== refused && offer.offer_id !== started;
const onScreen = (call) => goesOn(call) || Boolean(call?.asks) || call?.stage === "due";

// Pressing the button in this window was the wish to speak.
export const answersItself = (call) => call?.stage === "own" && pressedHere === call.id;

export async function ringBack(id) {
  pressedHere = id;
  asking = true;
  try {
    await api.ringCallback(id);
  } catch (error) {
    pressedHere = "";
    throw error;
  } finally {
    asking = false;
  }
}

// local: {kind, owner, incoming, answering, talking, muted} of the telephone in this window
export function renderCallbackCall(ring, offer, local) {
  const before = current;
  const call = onScreen(ring) || !isDue(offer) ? ring : { ...offer, stage: "due", began_at: offer.offered_at };
  current = call ?? null;
  const comes = asking || (Boolean(started) && offer?.offer_id === started);
  if (!goesOn(call) && !comes) pressedHere = goesOn(before) || !call ? "" : pressedHere;
  show(byId("callback-call"), onScreen(call));
  sayNews(call);
  if (!onScreen(call)) return;
  show(byId("no-call"), false);
  begin(call);
  const due = call.stage === "due";
  setAttribute(byId("callback-call"), "data-phase", PHASES[call.stage] ?? "talking");
  setText(byId("callback-call-stage"), STAGES[call.stage]);
  renderFacts(call.task);
  renderNumber(due ? call : {});
  show(byId("callback-start"), due);
  show(byId("callback-refuse"), due);
  show(form, !due);
  setText(byId("callback-call-hint"), hint(call, local));
  show(byId("callback-call-hint"), hint(call, local) !== "");
  show(byId("callback-answer"), local.incoming);
  show(byId("callback-mute"), local.talking);
  setAttribute(byId("callback-mute"), "aria-pressed", String(local.muted));
  show(byId("callback-hangup"), goesOn(call));
  show(byId("callback-finish"), call.stage === "over");
  tickCallbackCall();
}

function renderFacts(task) {
  setText(byId("callback-call-heading"), `Rückruf: ${task?.type ?? ""}`);
  setText(byId("callback-call-number"), task?.number ?? "");
  setText(byId("callback-call-household"), task?.household_number ?? "nicht angegeben");
  setText(byId("callback-call-since"), task ? shortly(task.since) : "");
  setText(byId("callback-call-due"), task ? dayAndClock(task.due) : "");
  setText(byId("callback-call-place"), placeText(task?.place));
  show(byId("callback-call-place"), Boolean(task?.place));
  setText(byId("callback-call-language"), task?.language ? `Sprache: ${task.language}` : "");
  show(byId("callback-call-language"), Boolean(task?.language));
  setText(byId("callback-call-tries"), task ? `${task.tries} von ${task.tries_most}` : "");
}

// What is known of the number, before it is rung.
function renderNumber({ earlier_calls: earlier, open_promises: promises }) {
  const known = Number.isInteger(earlier);
  show(byId("callback-call-earlier").parentElement, known);
  show(byId("callback-call-promises").parentElement, known);
  setText(byId("callback-call-earlier"), known ? String(earlier) : "");
  setText(byId("callback-call-promises"), known ? String(promises) : "");
}

// Since when the place in the line is kept, or the window that was wished for.
export function placeText(place) {
  if (!place) return "";
  return place.from ? `gewünscht ${shortly(place.from)} bis ${atClock(place.until)} Uhr` : `Platz in der Reihe seit ${shortly(place.since)}`;
}

function hint(call, local) {
  if (call.stage === "due") return dueHint(local);
  if (call.stage === "over") return `${call.words} Bitte halten Sie das Ergebnis fest.`;
  if (call.stage !== "own") return "";
  if (local.kind === "desk") return "Bitte am Telefon abheben. Danach wird die Nummer angerufen.";
  if (!local.owner) return "Das Telefon ist in einem anderen Fenster. Bitte dort annehmen.";
  return "Danach wird die Nummer angerufen.";
}

function dueHint({ kind, owner }) {
  if (kind === "browser" && !owner) return "Das Telefon ist in einem anderen Fenster. Bitte beginnen Sie dort.";
  return "Mit einem Klick klingelt erst Ihr Telefon, danach wird die Nummer angerufen.";
}

// A call that is new on the screen brings back what was noted about it in this window.
function begin(call) {
  const result = call.stage === "over" ? call.result : "";
  if (shownFor === `${call.id} ${result}`) return;
  const again = shownFor.startsWith(`${call.id} `);
  shownFor = `${call.id} ${result}`;
  if (!again) {
    form.reset();
    show(byId("callback-error"), false);
    const kept = JSON.parse(sessionStorage.getItem(NOTE) ?? "{}");
    if (kept.id === call.id) form.elements.note.value = kept.note;
  }
  const radio = form.querySelector(`[value="${MEANS[result] ?? ""}"]`);
  if (radio && !form.querySelector(":checked")) radio.checked = true;
}

// Once for each stage, for who does not see it.
function sayNews(call) {
  const news = call ? `${call.id} ${call.stage}` : "";
  if (news === told) return;
  told = news;
  if (!call) return;
  if (call.stage === "over") announce(call.words ?? "");
  else if (call.stage === "due") announce(`Rückruf an der Reihe: ${call.task?.type ?? ""}, Nummer ${call.task?.number ?? ""}.`);
  else announce(`Rückruf: ${STAGES[call.stage]}.`);
}

export function tickCallbackCall() {
  if (!onScreen(current)) return;
  if (current.stage === "due") {
    setText(byId("callback-call-clock"), current.until ? `noch ${duration(Math.ceil(Math.max(0, secondsUntil(current.until))))}` : "");
    return;
  }
  const since = current.stage === "talking" ? current.talked_since : current.began_at;
  setText(byId("callback-call-clock"), current.stage === "over" ? "" : duration(secondsSince(since)));
}

export function focusCallbackNote() {
  if (!onScreen(current)) return false;
  byId("callback-note").focus();
  return true;
}

// refuse(error) shows what did not work, update() shows what has changed here.
export function listenForCallbackCall(phone, refuse, update) {
  byId("callback-start").addEventListener("click", () => start(refuse, update));
  byId("callback-refuse").addEventListener("click", () => decline(refuse, update));
  byId("callback-answer").addEventListener("click", () => phone.answer());
  byId("callback-mute").addEventListener("click", () => phone.toggleMute());
  byId("callback-hangup").addEventListener("click", () => hangUp(phone, refuse));
  form.elements.note.addEventListener("input", keepNote);
  form.addEventListener("submit", finish);
  byId("logout").addEventListener("submit", (event) => event.defaultPrevented || sessionStorage.removeItem(NOTE));
}

function hangUp(phone, refuse) {
  if (!goesOn(current)) return;
  api.hangUpCallback(current.id).catch((error) => phone.hangUp() || refuse(error));
}

async function start(refuse, update) {
  if (current?.stage !== "due") return;
  const { id, offer_id: offer } = current;
  started = offer;
  const ringing = ringBack(id);
  update();
  try {
    await ringing;
  } catch (error) {
    started = "";
    refuse(error);
    update();
  }
}

async function decline(refuse, update) {
  if (current?.stage !== "due") return;
  const { id, offer_id: offer } = current;
  refused = offer;
  update();
  try {
    await api.refuseCallback(id);
  } catch (error) {
    refused = "";
    refuse(error);
    update();
  }
}

function keepNote() {
  if (current) sessionStorage.setItem(NOTE, JSON.stringify({ id: current.id, note: form.elements.note.value }));
}

async function finish(event) {
  event.preventDefault();
  const { id, task } = current ?? {};
  const outcome = form.querySelector(":checked")?.value;
  if (!id) return;
  if (!outcome) return problem("Bitte wählen Sie, wie der Rückruf ausging.");
  byId("callback-finish").disabled = true;
  try {
    await api.finishCallback(id, outcome, form.elements.note.value.trim());
    sessionStorage.removeItem(NOTE);
    shownFor = "";
    announce(finished(outcome, task));
  } catch (error) {
    problem(error.message);
  } finally {
    byId("callback-finish").disabled = false;
  }
}

function problem(text) {
  setText(byId("callback-error"), text);
  show(byId("callback-error"), true);
  form.querySelector("input[type=radio]").focus();
}

export function finished(outcome, task) {
  if (outcome !== "not_reached" || !task) return "Der Rückruf ist festgehalten.";
  const last = task.tries + 1 >= task.tries_most;
  return last ? "Nach dem letzten Versuch geschlossen. Das Team-Postfach hat dazu eine Zusage bekommen." : "Festgehalten. Der Rückruf kommt später wieder an die Reihe.";
}

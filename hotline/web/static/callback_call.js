// A caller who is being rung back: our own telephone first, then the caller; afterwards what came of it.

import { announce } from "./attention.js";
import { api } from "./api.js";
import { byId, setAttribute, setText, show } from "./dom.js";
import { dayAndClock, duration, secondsSince, shortly } from "./times.js";

const STAGES = { own: "Ihr Telefon klingelt", caller: "Es klingelt dort", talking: "Im Gespräch", over: "Rückruf beendet" };
const MEANS = { talked: "reached", no_answer: "not_reached", busy: "not_reached", unreachable: "not_reached" };
const NOTE = "hotline-callback-note";
const form = byId("callback-call-form");
let pressedHere = ""; // the task whose button was pressed in this window: its own telephone is picked up by itself
let current = null;
let shownFor = "";
let told = "";

export const goesOn = (call) => Boolean(call) && call.stage !== "over";
const onScreen = (call) => goesOn(call) || Boolean(call?.asks);

// Pressing the button in this window was the wish to speak.
export const answersItself = (call) => call?.stage === "own" && pressedHere === call.id;

export async function ringBack(id) {
  pressedHere = id;
  try {
    await api.ringCallback(id);
  } catch (error) {
    pressedHere = "";
    throw error;
  }
}

// local: {kind, owner, incoming, answering, talking, muted} of the telephone in this window
export function renderCallbackCall(call, local) {
  const before = current;
  current = call ?? null;
  if (!goesOn(call)) pressedHere = goesOn(before) || !call ? "" : pressedHere;
  show(byId("callback-call"), onScreen(call));
  sayNews(call);
  if (!onScreen(call)) return;
  show(byId("no-call"), false);
  begin(call);
  setAttribute(byId("callback-call"), "data-phase", call.stage === "over" ? "wrap_up" : "talking");
  setText(byId("callback-call-stage"), STAGES[call.stage]);
  renderFacts(call.task);
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
  setText(byId("callback-call-tries"), task ? `${task.tries} von ${task.tries_most}` : "");
}

function hint(call, local) {
  if (call.stage === "over") return `${call.words} Bitte halten Sie das Ergebnis fest.`;
  if (call.stage !== "own") return "";
  if (local.kind === "desk") return "Bitte am Telefon abheben. Danach wird die Nummer angerufen.";
  if (!local.owner) return "Das Telefon ist in einem anderen Fenster. Bitte dort annehmen.";
  return "Danach wird die Nummer angerufen.";
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
  else announce(`Rückruf: ${STAGES[call.stage]}.`);
}

export function tickCallbackCall() {
  if (!onScreen(current)) return;
  const since = current.stage === "talking" ? current.talked_since : current.began_at;
  setText(byId("callback-call-clock"), current.stage === "over" ? "" : duration(secondsSince(since)));
}

export function focusCallbackNote() {
  if (!onScreen(current)) return false;
  byId("callback-note").focus();
  return true;
}

// refused(error) shows what did not work.
export function listenForCallbackCall(phone, refused) {
  byId("callback-answer").addEventListener("click", () => phone.answer());
  byId("callback-mute").addEventListener("click", () => phone.toggleMute());
  byId("callback-hangup").addEventListener("click", () => hangUp(phone, refused));
  form.elements.note.addEventListener("input", keepNote);
  form.addEventListener("submit", finish);
  byId("logout").addEventListener("submit", (event) => event.defaultPrevented || sessionStorage.removeItem(NOTE));
}

function hangUp(phone, refused) {
  if (!goesOn(current)) return;
  api.hangUpCallback(current.id).catch((error) => phone.hangUp() || refused(error));
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
  return last ? "Der Rückruf ist nach dem letzten Versuch geschlossen." : "Festgehalten. Der Rückruf kommt später wieder an die Reihe.";
}

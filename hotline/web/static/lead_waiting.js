// Who waits: type, place and how long; never a number.

import { byId, setAttribute, setText, show } from "./dom.js";
import { fillParts, inOrder, partsOf } from "./parts.js";
import { atClock, duration, secondsSince, secondsUntil, shortly } from "./times.js";

const LONG_SECONDS = 30;
const key = (caller) => caller.call_id;

export function renderWaiting(waiting) {
  show(byId("waiting-none"), waiting.length === 0);
  show(byId("waiting-table"), waiting.length > 0);
  fillParts(byId("waiting"), byId("waiting-template"), waiting, key, (parts, caller) => {
    setText(parts.position, caller.position === null ? "–" : String(caller.position));
    setText(parts.type, caller.type);
    setText(parts.standing, standing(caller));
  });
  inOrder(byId("waiting"), waiting, key);
  tickWaiting(waiting);
}

function standing(caller) {
  return [whereTo(caller), caller.language].filter(Boolean).join(" · ");
}

function whereTo(caller) {
  if (caller.callback) return callback(caller);
  if (caller.rings_at) return `klingelt bei ${caller.rings_at}`;
  if (caller.held_for) return `wartet kurz auf ${caller.held_for}`;
  return caller.broke_off ? "Gespräch war unterbrochen" : "in der Reihe";
}

// A callback that keeps its place: nobody is on the telephone.
function callback({ callback: { offered, from, until, next_try: next }, rings_at: agent, position }) {
  if (agent) return offered ? `Rückruf, angeboten: ${agent}` : `Rückruf bei ${agent}`;
  if (position !== null) return from ? `Rückruf, gewünscht bis ${atClock(until)} Uhr` : "Rückruf, hält den Platz";
  if (next && secondsUntil(next) > 0) return `Rückruf, nächster Versuch ${shortly(next)}`;
  if (from && secondsUntil(from) > 0) return `Rückruf, gewünscht ${shortly(from)} bis ${atClock(until)} Uhr`;
  return "Rückruf, hält den Platz und wartet";
}

export function tickWaiting(waiting) {
  const rows = byId("waiting").children;
  waiting.forEach((caller, place) => {
    const seconds = secondsSince(caller.since);
    setText(partsOf(rows[place]).elapsed, duration(seconds));
    setAttribute(rows[place], "data-long", String(seconds > LONG_SECONDS && !caller.callback));
  });
}

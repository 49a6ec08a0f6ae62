// Who waits: type, place and how long; never a number.

import { byId, setAttribute, setText, show } from "./dom.js";
import { fillParts, inOrder, partsOf } from "./parts.js";
import { duration, secondsSince } from "./times.js";

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
  if (caller.rings_at) return `klingelt bei ${caller.rings_at}`;
  return caller.broke_off ? "Gespräch war unterbrochen" : "in der Reihe";
}

export function tickWaiting(waiting) {
  const rows = byId("waiting").children;
  waiting.forEach((caller, place) => {
    const seconds = secondsSince(caller.since);
    setText(partsOf(rows[place]).elapsed, duration(seconds));
    setAttribute(rows[place], "data-long", String(seconds > LONG_SECONDS));
  });
}

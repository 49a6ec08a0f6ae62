// A call that the service says nothing about, as those of Asterisk's fallback: it can be answered all the same.

import { announce, notify } from "./attention.js";
import { byId, setAttribute, setText, show } from "./dom.js";
import { beginNote, endNote } from "./notes.js";
import { duration } from "./times.js";

const AWAY = "Der Telefonservice ist gestört: Anruf ohne Angaben.";
const UNKNOWN = "Der Telefonservice kennt diesen Anruf nicht: Anruf ohne Angaben.";
let stage = ""; // "", ringing, talking
let talkingSince = 0;

// leg: {incoming, answering, talking, muted} of a call without data, or null; away: the service is not there
// found: the service has come back and knows this call after all. Whether the call's note is to go into its form.
export function renderOrphan(leg, away, found) {
  const before = stage;
  if (!leg) stage = "";
  else stage = leg.talking ? "talking" : "ringing";
  show(byId("orphan"), Boolean(leg));
  if (leg) renderBar(leg, away);
  if (stage !== before && !found) moved(before, away);
  return found && before === "talking";
}

function renderBar({ incoming, answering, talking, muted }, away) {
  setAttribute(byId("orphan"), "data-stage", stage);
  setText(byId("orphan-text"), away ? AWAY : UNKNOWN);
  show(byId("orphan-answer"), incoming);
  show(byId("orphan-reject"), incoming);
  show(byId("orphan-mute"), talking);
  show(byId("orphan-hangup"), talking || answering);
  setAttribute(byId("orphan-mute"), "aria-pressed", String(muted));
  tickOrphan();
}

function moved(before, away) {
  if (stage === "ringing") {
    announce(away ? AWAY : UNKNOWN);
    notify("Anruf ohne Angaben");
  }
  if (stage === "talking") {
    talkingSince = performance.now();
    tickOrphan();
    beginNote();
  }
  if (before === "talking" && endNote()) announce("Das Gespräch ist zu Ende. Ihre Notiz dazu bleibt stehen.");
}

export function tickOrphan() {
  const clock = stage === "talking" ? `Im Gespräch ${duration((performance.now() - talkingSince) / 1000)}` : "";
  setText(byId("orphan-clock"), clock);
}

// Leaving the page: what is asked before, and what is still said to Asterisk.

import { notesLeft } from "./notes.js";

const AWAY = "Abmelden geht erst wieder, wenn der Telefonservice erreichbar ist.";
const TALK = "Bitte beenden Sie erst das Gespräch. Danach können Sie sich abmelden.";
const NOTES = "Es gibt noch Notizen zu Anrufen ohne Angaben. Beim Abmelden werden sie gelöscht: Zum Löschen und Abmelden noch einmal klicken.";
let toldOfNotes = false;

// warn(): whether leaving needs a warning; connected(): whether the service hears us; goodbye(): end our leg.
// A leg that ends unasked has broken off: so the service keeps the caller at once, and not only when no sound has come
// for seconds. Without the service it is better to say nothing: Asterisk would take the talk for finished.
export function onLeaving({ warn, connected, goodbye }) {
  let heard = false;
  addEventListener("beforeunload", (event) => {
    heard = connected(); // leaving ends the stream before the page hides
    if (warn()) event.preventDefault();
  });
  addEventListener("pagehide", () => heard && goodbye());
}

// Why logging out must wait, or "". Notes of calls without data are nowhere else: while there are any it takes two presses.
export function hindrance({ connected, talk }) {
  if (!connected) return AWAY;
  if (talk) return TALK;
  if (!notesLeft() || toldOfNotes) return "";
  toldOfNotes = true;
  return NOTES;
}

// The strip on top: how the hotline stands, the agent's own state with its cause, and the buttons that change it.

import { byId, build, fillList, setAttribute, setDisabled, setText, show } from "./dom.js";
import { atClock, duration, secondsSince } from "./times.js";

export const STATES = {
  home: "Feierabend",
  pause: "Pause",
  not_ready: "Nicht bereit",
  ready: "Bereit",
  offered: "Anruf klingelt",
  due: "Rückruf an der Reihe",
  talking: "Im Gespräch",
  lost: "Gespräch unterbrochen",
  wrap_up: "Nacharbeit",
};

const INTENTS = { ready: "Bereit", home: "Feierabend" };
const AWAY = "Der Telefonservice ist nicht erreichbar. Bereit, Pause und Feierabend lassen sich gerade nicht ändern.";

export function renderHead(snapshot, connected) {
  renderHotline(snapshot.hotline);
  const { state } = snapshot;
  setAttribute(byId("state"), "data-state", state);
  setText(byId("state-name"), STATES[state] ?? state);
  setText(byId("state-cause"), sameWords(snapshot.cause, STATES[state]) ? "" : snapshot.cause);
  setText(byId("state-since"), `seit ${atClock(snapshot.since)} Uhr`);
  renderButtons(snapshot);
  renderAway(snapshot, connected);
}

// What the agent wanted last goes on: Asterisk itself knows it.
function renderAway({ intent, reason }, connected) {
  setText(byId("presence-note"), connected ? "" : `${AWAY} Es bleibt bei „${INTENTS[intent] ?? reason ?? "Pause"}“.`);
  show(byId("presence-note"), !connected);
  for (const button of document.querySelectorAll("[data-intent]")) setAttribute(button, "aria-disabled", String(!connected));
}

const sameWords = (one, other) => (one ?? "").toLowerCase() === (other ?? "").toLowerCase();

export function tickHead(snapshot) {
  setText(byId("state-elapsed"), `(${duration(secondsSince(snapshot.since))}${tooLong(snapshot)})`);
}

// Only said, never ended by itself.
export const tooLong = ({ pause_minutes: minutes, since }) =>
  minutes && secondsSince(since) > minutes * 60 ? `, länger als ${minutes} Minuten` : "";

function renderHotline(hotline) {
  const open = byId("hotline-open");
  setText(open, hotline.opening_text || (hotline.open ? "geöffnet" : "geschlossen"));
  open.classList.toggle("open", hotline.open);
  setText(byId("hotline-waiting"), String(hotline.waiting));
  setText(byId("hotline-ready"), String(hotline.ready));
  setText(byId("alarm"), hotline.alarm ?? "");
  show(byId("alarm"), Boolean(hotline.alarm));
}

function renderButtons(snapshot) {
  fillList(byId("pauses"), snapshot.pause_reasons, (reason) =>
    build("button", { type: "button", "data-intent": "pause", "data-reason": reason, "aria-pressed": "false" }, reason),
  );
  const stuck = snapshot.state === "not_ready";
  const ready = byId("go-ready");
  setText(ready, stuck ? "Wieder bereit" : "Bereit");
  ready.classList.toggle("primary", stuck || snapshot.intent !== "ready");
  for (const button of document.querySelectorAll("[data-intent]")) {
    const same = button.dataset.intent === snapshot.intent && (button.dataset.reason ?? null) === (snapshot.intent === "pause" ? snapshot.reason : null);
    setAttribute(button, "aria-pressed", String(same && !(stuck && button === ready)));
    setDisabled(button, false);
  }
}

// choose(intent, reason) is called for each press; refuse(error) while the service is away.
export function onIntent(choose, refuse) {
  byId("state").addEventListener("click", (event) => {
    const button = event.target.closest("[data-intent]");
    if (!button) return;
    if (button.getAttribute("aria-disabled") === "true") refuse(new Error(AWAY));
    else choose(button.dataset.intent, button.dataset.reason ?? null);
  });
}

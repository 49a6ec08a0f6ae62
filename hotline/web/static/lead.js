// The lead's page: one snapshot of the whole hotline, shown as it is; every button asks the service and waits for news.

import { notify, offerNotifications, setTitle, withdraw } from "./attention.js";
import { byId, setText, show } from "./dom.js";
import { renderAgents, tickAgents } from "./lead_agents.js";
import { renderAlarms, SILENT_ALARM } from "./lead_alarms.js";
import { renderFigures } from "./lead_figures.js";
import { renderGivenUp } from "./lead_given_up.js";
import { renderMails } from "./lead_mails.js";
import { listenForNotes, renderNotes } from "./lead_notes.js";
import { listenForTellings, renderTellings } from "./lead_tellings.js";
import { renderWaiting, tickWaiting } from "./lead_waiting.js";
import { Stream } from "./stream.js";
import { every } from "./timers.js";
import { setNow } from "./times.js";

const AWAY = "Verbindung unterbrochen. Was hier steht, ist nicht mehr aktuell; die Seite verbindet sich von selbst neu.";
const RESTING = "Die Leitungsseite ist in zu vielen Fenstern offen. Dieses hier ruht; laden Sie es neu, um es zu benutzen.";

let snapshot = null;
let resting = "";
let loggingOut = false; // the form's own answer leads away: a second way out at the same moment may stop the first

const stream = new Stream({ state: take, beat: setNow, connected: render, ended }, "/lead");

function take(news) {
  setNow(news.now);
  snapshot = news;
  byId("main").dataset.state = "known";
  render();
}

function render() {
  const text = resting || (stream.connected === false ? AWAY : "");
  setText(byId("connection"), text);
  show(byId("connection"), text !== "");
  if (!snapshot) return;
  renderHotline(snapshot.hotline);
  tellAlarms(snapshot.alarms);
  renderWaiting(snapshot.waiting);
  renderAgents(snapshot.agents);
  renderFigures(snapshot.figures);
  renderMails(snapshot.figures);
  renderGivenUp(snapshot.callbacks_given_up);
  renderTellings(snapshot);
  renderNotes(snapshot.knowledge);
}

function renderHotline(hotline) {
  setText(byId("hotline-open"), hotline.opening_text);
  byId("hotline-open").classList.toggle("open", hotline.open);
  setText(byId("hotline-waiting"), String(hotline.waiting));
  setText(byId("hotline-ready"), String(hotline.ready));
  const alarm = hotline.alarm ? `Es wartet jemand, und niemand ist bereit (wartend: ${hotline.waiting}).` : "";
  setText(byId("alarm"), alarm);
  show(byId("alarm"), alarm !== "");
}

const callers = () => snapshot.waiting.filter(({ callback }) => !callback).length;

function tellAlarms(alarms) {
  const fresh = renderAlarms(alarms, refused);
  if (!alarms.length) withdraw();
  else if (fresh) notify(SILENT_ALARM, fresh.id);
  setTitle(alarms.length ? "⚠ Alarm" : callers() ? `${callers()} warten` : "");
}

function refused(error) {
  setText(byId("refusal"), error.message);
  show(byId("refusal"), true);
  clearTimeout(refused.timer);
  refused.timer = setTimeout(() => show(byId("refusal"), false), 15000);
}

function ended(why) {
  if (loggingOut) return;
  if (why !== "replaced") location.assign(why === "sent_home" ? "/login?sent_home" : "/login");
  else resting = RESTING;
  render();
}

document.querySelector("form.who").addEventListener("submit", () => {
  loggingOut = true;
});
document.addEventListener("loggedout", () => location.assign("/login"));
document.addEventListener("refused", (event) => refused(event.detail));
listenForTellings();
listenForNotes();
offerNotifications();
every(1000, () => {
  if (!snapshot) return;
  tickWaiting(snapshot.waiting);
  tickAgents(snapshot.agents);
});
stream.open();

// The agent's page: one snapshot of the service and one telephone, put together on the screen.
// The order is fixed: the pop is rendered, then acknowledged, and only then does it ring.

import { api } from "./api.js";
import { announce, notify, offerNotifications, setTitle, withdraw } from "./attention.js";
import { answersItself, goesOn, listenForCallbackCall, renderCallbackCall, tickCallbackCall } from "./callback_call.js";
import { listenForCheck, renderCheck } from "./check.js";
import { callerText, rememberCheck, renderButtons, renderCall, tickCall } from "./call.js";
import { endCopying } from "./copying.js";
import { interruptCorrection, resumeCorrection } from "./correction.js";
import { listenForDay, renderDay } from "./day.js";
import { byId, setText, show } from "./dom.js";
import { addToNote, forgetDrafts, onDisposed, renderForm, sendDraft } from "./form.js";
import { listenForToday, refreshToday } from "./written.js";
import { renderHanded } from "./handed.js";
import { Hearing } from "./hearing.js";
import { hangUp } from "./hangup.js";
import { renderHolding } from "./holding.js";
import { listenForKeypad, renderKeypad } from "./keypad.js";
import { onIntent, renderHead, tickHead } from "./head.js";
import { renderAlarms, SILENT_ALARM } from "./lead_alarms.js";
import { hindrance, onLeaving } from "./leaving.js";
import { renderMessages } from "./messages.js";
import { renderNotes, takeNote } from "./notes.js";
import { renderOrphan, tickOrphan } from "./orphan.js";
import { Phone } from "./phone.js";
import { keepReceipt, onReceiptRead, renderReceipt } from "./receipt.js";
import { RingTone } from "./ring.js";
import { listenForKeys } from "./shortcuts.js";
import { listenForSearch } from "./search.js";
import { renderCallbacks, renderPhone, tickCallbacks } from "./side.js";
import { handedBy, renderSituation } from "./situation.js";
import { listenForSound, renderSound } from "./sound.js";
import { Standing } from "./standing.js";
import { Stream } from "./stream.js";
import { PhoneTab } from "./tab.js";
import { listenForThreat, renderThreat } from "./threat.js";
import { after, cancel, every } from "./timers.js";
import { setNow } from "./times.js";
import { listenForTransfers, renderTransfer } from "./transfer.js";

const TALKS = ["talking", "consulting"];
const AWAY = "Verbindung unterbrochen. Was Sie schreiben, bleibt erhalten; die Seite verbindet sich von selbst neu.";
const STILL_RINGS = "Ihr Telefon ist weiter angemeldet: Anrufe klingeln, aber ohne Angaben. Bitte laden Sie die Seite jetzt nicht neu.";
const AGAIN_MS = 250;
const RESTING = {
  sent_home: "Die Leitung hat Sie abgemeldet. Bitte laden Sie die Seite nach dem Gespräch neu.",
  logout: "Sie sind abgemeldet. Bitte laden Sie die Seite nach dem Gespräch neu.",
  replaced: "Der Telefonservice ist in zu vielen Fenstern offen. Dieses hier ruht; laden Sie es neu, um es zu benutzen.",
};

const NO_POP = { offer: null, rendered: false, acknowledged: false };
const kind = document.body.dataset.phone;
let snapshot = null;
let shown = null; // the call as it stands, see believed()
let pop = NO_POP;
let occupied = false; // somebody is on the telephone, or rings
let rejected = null;
let keptElsewhere = false;
let resting = "";
let loggingOut = false; // the form's own answer leads away: a second way out at the same moment may stop the first

const phone = new Phone(byId("remote-audio"), () => update());
const hearing = new Hearing(phone, api.softphone);
const standing = new Standing(() => update());
const tone = new RingTone(() => update());
const tab = new PhoneTab({
  own: () => phone.start(api.softphone),
  lose: () => {
    phone.stop();
    update();
  },
  busy: () => phone.busy,
});
const stream = new Stream({ state: take, beat, connected: connection, ended });

function take(told) {
  setNow(told.now);
  const before = snapshot?.call;
  snapshot = told;
  const { call } = snapshot;
  if (["lost", "offered"].includes(call?.phase) && TALKS.includes(before?.phase)) dropDeadLeg();
  update();
  if (call?.phase === "offered" && call.offer_id !== pop.offer) showPop(call);
  else acknowledge(pop); // told once more: perhaps our word has not arrived
  if (!call) pop = NO_POP;
}

// Heard every few seconds, also in a hidden tab whose timers sleep.
function beat(now) {
  setNow(now);
  if (kind === "browser" && tab.owner) phone.keepUp(api.softphone);
  acknowledge(pop);
  tick();
}

// Asterisk has no leg of ours any more: what this telephone still holds would keep it busy when it is rung again.
function dropDeadLeg() {
  if (phone.talking) phone.hangUp();
}

function update() {
  const { call } = snapshot ?? {};
  const { busy, incoming, talking } = phone;
  const ring = snapshot?.callback_call;
  const talk = talking && (TALKS.includes(call?.phase) || goesOn(ring));
  standing.look({ busy, incoming, connected: stream.connected, told: isTold(call), talk });
  const before = shown;
  shown = believed(call);
  if (standing.known && incoming && answersItself(ring)) phone.answer();
  considerRinging();
  const local = localState();
  renderConnection();
  const found = renderOrphan(standing.orphan ? local : null, !stream.connected, standing.known);
  renderTitle();
  if (!snapshot) return;
  const current = { ...snapshot, call: shown };
  renderHead(snapshot, stream.connected || stream.rests);
  renderCall(current, stream.connected);
  renderHanded(shown);
  renderForm(shown, snapshot.request_types);
  if (found) addToNote(takeNote());
  renderReceipt(shown);
  renderButtons(shown, standing.orphan ? { ...local, ...IDLE } : local);
  renderSituation(shown, before);
  renderTransfer(snapshot.transfer_targets, shown);
  renderMessages(snapshot.messages ?? [], refused);
  renderPhone(snapshot, phone, local);
  renderCallbacks(snapshot, refused);
  renderCallbackCall(ring, local);
  renderDay(snapshot);
  renderKeypad(local);
  renderThreat(shown, ring, snapshot.threat, stream.connected);
  renderAlarms(snapshot.alarms ?? [], refused);
  show(byId("muted-pill"), local.muted);
  show(byId("sound"), kind === "browser" && tab.owner && !tone.audible && ["ready", "offered"].includes(snapshot.state));
  tick();
}

const IDLE = { ringing: false, incoming: false, answering: false, talking: false, muted: false, held: false, busy: false };

function localState() {
  const { incoming, answering, talking, muted, held, busy } = phone;
  return { kind, owner: tab.owner, kept: keptElsewhere, ringing: tone.ringing, incoming, answering, talking, muted, held, busy };
}

// Whether the service has said what the telephone's call is, and the page shows it.
function isTold(call) {
  if (call?.phase === "offered") return pop.rendered && pop.offer === call.offer_id;
  if (!call && snapshot?.test_ring) return true; // the check before the shift
  if (!call && goesOn(snapshot?.callback_call)) return true;
  return TALKS.includes(call?.phase);
}

// While the service is away its last word grows old; the telephone here knows whether the talk goes on.
function believed(call) {
  if (!call || stream.connected || kind !== "browser" || !tab.owner) return call;
  if (call.phase === "offered" && standing.known && phone.talking) return { ...call, phase: "talking", ring_until: null };
  if (TALKS.includes(call.phase) && !standing.known) return { ...call, phase: "wrap_up", wrap_up_until: null, transfer: null };
  return call;
}

function renderTitle() {
  const talks = TALKS.includes(shown?.phase);
  const silent = snapshot?.alarms?.at(-1); // for leads only
  const alarm = snapshot?.hotline.alarm && snapshot.intent !== "home" ? snapshot.hotline.alarm : "";
  if (standing.orphan) setTitle(phone.incoming ? "☎ Anruf ohne Angaben" : "Im Gespräch");
  else if (shown?.phase === "offered") setTitle(`☎ ${callName(shown)}: ${shown.request_type.label}`);
  else if (silent) setTitle("⚠ Stiller Alarm");
  else if (talks) setTitle(phone.muted ? "Stumm, im Gespräch" : phone.held ? "Gehalten" : "Im Gespräch");
  else if (shown?.phase === "lost") setTitle("Verbindung abgebrochen");
  else if (!shown && goesOn(snapshot?.callback_call)) setTitle("Rückruf läuft");
  else setTitle(alarm ? "⚠ Anrufe warten" : "");
  if (standing.orphan && phone.incoming) notify("Anruf ohne Angaben");
  else if (shown?.phase === "offered") return;
  else if (silent) notify(SILENT_ALARM, silent.id);
  else if (alarm && !shown) notify(alarm);
  else withdraw();
}

const callName = (call) => (call.handed ? handedBy(call.handed) : "Anruf");

// Rendered means: in the document, laid out, and, if anybody can see the page, painted.
async function showPop(call) {
  const mine = { ...NO_POP, offer: call.offer_id };
  pop = mine;
  byId("call").getBoundingClientRect();
  if (!document.hidden) await painted();
  if (pop !== mine || snapshot.call?.offer_id !== call.offer_id) return;
  pop.rendered = true;
  byId("call").dataset.popRenderedAt = String(performance.now());
  byId("call").dataset.offer = call.offer_id;
  delete byId("call").dataset.ringStartedAt;
  announce(`${callName(call)}: ${call.request_type.label}, Nummer ${callerText(call)}.`);
  notify(`Anruf: ${call.request_type.label}`);
  acknowledge(pop);
  update();
}

function painted() {
  return new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(done));
    after(100, done);
  });
}

// Until the service has heard it: it waits for this word, and takes the screen for stale without it. While it is away
// there is nobody to tell: its next word is another chance. Nothing is said twice at once on a connection that holds.
async function acknowledge(shownPop) {
  if (!owed(shownPop) || shownPop.asking) return;
  shownPop.asking = true;
  try {
    await api.shown(shownPop.offer);
    shownPop.acknowledged = true;
  } catch (error) {
    shownPop.acknowledged = error.status !== 0 && error.status < 500; // a refusal is an answer too
    cancel(shownPop.again);
    shownPop.again = after(AGAIN_MS, () => stream.connected && acknowledge(shownPop));
  } finally {
    shownPop.asking = false;
  }
}

const owed = (one) => one === pop && one.rendered && !one.acknowledged && snapshot.call?.offer_id === one.offer;

function considerRinging() {
  const wanted = standing.orphan || (standing.known && rejected !== snapshot?.call?.offer_id);
  if (phone.incoming && wanted) {
    if (!tone.ringing) {
      tone.start();
      byId("call").dataset.ringStartedAt = String(performance.now());
    }
  } else if (tone.ringing) tone.stop();
  renderSound(tone);
}

function connection(connected) {
  document.body.dataset.connected = String(connected);
  if (!connected && pop) pop.asking = false;
  if (connected) sendDraft();
  update();
}

function ended(why) {
  if (why === "logout" && !phone.busy && !loggingOut) location.assign("/login");
  if (why === "sent_home" && !phone.busy) location.assign("/login?sent_home");
  resting = RESTING[why];
  update();
}

function renderConnection() {
  const away = phone.status === "registered" ? `${AWAY} ${STILL_RINGS}` : AWAY;
  const text = resting || (stream.connected === false ? away : "");
  setText(byId("connection"), text);
  show(byId("connection"), text !== "");
}

function refused(error) {
  setText(byId("refusal"), error.message);
  show(byId("refusal"), true);
  clearTimeout(refused.timer);
  refused.timer = setTimeout(() => show(byId("refusal"), false), 15000);
}

function reject() {
  const offer = snapshot?.call?.offer_id;
  if (!offer) return;
  rejected = offer;
  update();
  api.reject(offer).catch((error) => {
    refused(error);
    phone.hangUp();
  });
}

// Nothing may cover a call that comes or rings; what is opened in mid-call is the agent's own wish.
function makeRoom({ callback_call: ring, test_ring: trial }) {
  const busy = Boolean(shown && shown.phase !== "wrap_up") || goesOn(ring) || (phone.busy && !trial);
  const rings = shown?.phase === "offered" || (phone.incoming && !trial);
  if (rings || (busy && !occupied)) {
    endCopying();
    interruptCorrection();
    if (standing.orphan) byId("check-dialog").close();
  }
  occupied = busy;
  const read = byId("receipt").hidden && !document.activeElement?.matches("input, textarea, select");
  if (!busy && !shown && !ring?.asks && read) resumeCorrection();
}

function tick() {
  tickOrphan();
  if (!snapshot) return;
  makeRoom(snapshot);
  tickHead(snapshot);
  if (shown) tickCall(shown);
  tickCallbackCall();
  tickCallbacks();
  renderHolding(shown, localState(), () => tone.remind());
  renderCheck(snapshot, localState());
  if (kind === "browser") hearing.look(stream.connected ? snapshot.phone.registered : null);
}

// While the service is away the page could not be loaded again.
const talking = () => phone.talking || phone.answering || [...TALKS, "lost"].includes(shown?.phase);
const onlyTelephone = () => stream.connected === false && !stream.rests && phone.status === "registered";

function submits(id, act) {
  byId(id).addEventListener("submit", (event) => {
    event.preventDefault();
    if (snapshot?.call) act(snapshot.call).catch(refused);
  });
}

byId("answer").addEventListener("click", () => phone.answer());
byId("orphan-answer").addEventListener("click", () => phone.answer());
byId("orphan-reject").addEventListener("click", () => phone.hangUp());
byId("orphan-hangup").addEventListener("click", () => hangUp(phone, standing.orphan, refused));
byId("orphan-mute").addEventListener("click", () => phone.toggleMute());
byId("reject").addEventListener("click", reject);
byId("hangup").addEventListener("click", () => hangUp(phone, standing.orphan, refused));
byId("mute").addEventListener("click", () => phone.toggleMute());
byId("hold").addEventListener("click", () => phone.toggleHold());
byId("extend").addEventListener("click", () => api.extend().catch(refused));
byId("sound-on").addEventListener("click", () => tone.unlock());
byId("phone-retry").addEventListener("click", () => phone.start(api.softphone));
byId("phone-take").addEventListener("click", async () => {
  keptElsewhere = !(await tab.takeOver());
  update();
});
submits("type-form", (call) => api.correctType(call.call_id, byId("type").value));
submits("identity-form", (call) => {
  rememberCheck(call.call_id);
  return api.identity(call.call_id, byId("identity-how").value);
});
listenForTransfers({ release: () => phone.held && phone.toggleHold(), refused });
onIntent((intent, reason) => api.presence(intent, reason).catch(refused), refused);
onReceiptRead(update);
onDisposed((callId, result) => {
  keepReceipt(callId, result);
  refreshToday();
  update();
});
document.addEventListener("loggedout", () => ended("logout"));
onLeaving({
  warn: () => talking() || onlyTelephone(),
  connected: () => stream.connected,
  goodbye: () => phone.talking && standing.known && phone.hangUp(),
});
byId("logout").addEventListener("submit", (event) => {
  const why = hindrance({ connected: stream.connected || stream.rests, talk: talking() });
  if (!why) {
    loggingOut = true;
    return forgetDrafts();
  }
  event.preventDefault();
  return refused(new Error(why));
});

listenForKeypad((key) => phone.press(key));
listenForThreat(refused);
listenForSound(tone);
listenForCheck({ phone, tone, connected: () => stream.connected, refused });
listenForToday();
listenForCallbackCall(phone, refused);
listenForSearch();
listenForDay();
listenForKeys();
renderNotes();
offerNotifications();
every(500, tick);
stream.open();
if (kind === "browser") tab.start();

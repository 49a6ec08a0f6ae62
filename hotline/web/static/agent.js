// The agent's page: one snapshot of the service and one telephone, put together on the screen.
// The order is fixed: the pop is rendered, then acknowledged, and only then does it ring.

import { api } from "./api.js";
import { announce, notify, offerNotifications, setTitle, withdraw } from "./attention.js";
import { callerText, renderButtons, renderCall, tickCall } from "./call.js";
import { byId, setText, show } from "./dom.js";
import { forgetDrafts, onDisposed, renderForm } from "./form.js";
import { onIntent, renderHead, tickHead } from "./head.js";
import { Phone } from "./phone.js";
import { keepReceipt, onReceiptRead, renderReceipt } from "./receipt.js";
import { RingTone } from "./ring.js";
import { listenForKeys } from "./shortcuts.js";
import { renderCallbacks, renderPhone } from "./side.js";
import { Stream } from "./stream.js";
import { PhoneTab } from "./tab.js";
import { setNow } from "./times.js";

const ORPHAN_MS = 3000; // an incoming call that the service says nothing about rings all the same
const HANG_UP_MS = 1500;

const kind = document.body.dataset.phone;
let snapshot = null;
let pop = { offer: null, rendered: false };
let rejected = null;
let orphan = false;
let keptElsewhere = false;

const phone = new Phone(byId("remote-audio"), () => phoneChanged());
const tone = new RingTone(() => update());
const tab = new PhoneTab({
  own: () => phone.start(api.softphone),
  lose: () => {
    phone.stop();
    update();
  },
  busy: () => phone.busy,
});
const stream = new Stream({ state: take, connected: connection, ended });

function take(told) {
  setNow(told.now);
  snapshot = told;
  update();
  const { call } = snapshot;
  if (call?.phase === "offered" && call.offer_id !== pop.offer) showPop(call);
  if (!call) pop = { offer: null, rendered: false };
}

function update() {
  considerRinging();
  show(byId("orphan"), orphan && phone.busy && !snapshot?.call);
  show(byId("orphan-answer"), phone.incoming);
  if (!snapshot) return;
  const local = localState();
  renderHead(snapshot);
  renderCall(snapshot);
  renderForm(snapshot.call);
  renderReceipt(snapshot.call);
  renderButtons(snapshot.call, local);
  renderPhone(snapshot, phone, local);
  renderCallbacks(snapshot, refused);
  renderTitle();
  show(byId("sound"), kind === "browser" && tab.owner && !tone.audible && ["ready", "offered"].includes(snapshot.state));
  tick();
}

function localState() {
  const { incoming, answering, talking, muted, held, busy } = phone;
  return { kind, owner: tab.owner, kept: keptElsewhere, ringing: tone.ringing, incoming, answering, talking, muted, held, busy };
}

function renderTitle() {
  const { call } = snapshot;
  if (call?.phase === "offered") setTitle(`☎ Anruf: ${call.request_type.label}`);
  else if (call?.phase === "talking") setTitle("Im Gespräch");
  else setTitle("");
  if (call?.phase !== "offered") withdraw();
}

// Rendered means: in the document, laid out, and, if anybody can see the page, painted.
async function showPop(call) {
  pop = { offer: call.offer_id, rendered: false };
  byId("call").getBoundingClientRect();
  if (!document.hidden) await painted();
  if (snapshot.call?.offer_id !== call.offer_id) return;
  pop.rendered = true;
  byId("call").dataset.popRenderedAt = String(performance.now());
  byId("call").dataset.offer = call.offer_id;
  delete byId("call").dataset.ringStartedAt;
  announce(`Anruf: ${call.request_type.label}, Nummer ${callerText(call)}.`);
  notify(`Anruf: ${call.request_type.label}`);
  acknowledge(call.offer_id);
  update();
}

function painted() {
  return new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(done));
    setTimeout(done, 100);
  });
}

async function acknowledge(offer, tries = 3) {
  try {
    await api.shown(offer);
  } catch (error) {
    const again = error.status === 0 || error.status >= 500;
    if (again && tries > 1 && pop.offer === offer) setTimeout(acknowledge, 250, offer, tries - 1);
  }
}

function phoneChanged() {
  if (!phone.busy) orphan = false;
  else if (!considerRinging.waiting) {
    considerRinging.waiting = setTimeout(() => {
      considerRinging.waiting = null;
      orphan = phone.incoming && (!snapshot?.call || !stream.connected);
      update();
    }, ORPHAN_MS);
  }
  update();
}

function considerRinging() {
  const call = snapshot?.call;
  const shown = call?.phase === "offered" ? pop.rendered && pop.offer === call.offer_id : call?.phase === "talking";
  if (phone.incoming && (shown || orphan) && !(call && rejected === call.offer_id)) {
    if (!tone.ringing) {
      tone.start();
      byId("call").dataset.ringStartedAt = String(performance.now());
    }
  } else if (tone.ringing) tone.stop();
}

function connection(connected) {
  const text = "Verbindung unterbrochen. Was Sie schreiben, bleibt erhalten; die Seite verbindet sich von selbst neu.";
  setText(byId("connection"), connected ? "" : text);
  show(byId("connection"), !connected);
  document.body.dataset.connected = String(connected);
  update();
}

function ended(why) {
  if (why === "logout" && !phone.busy) location.assign("/login");
  const text = why === "logout"
    ? "Sie sind abgemeldet. Bitte laden Sie die Seite nach dem Gespräch neu."
    : "Der Telefonservice ist in zu vielen Fenstern offen. Dieses hier ruht; laden Sie es neu, um es zu benutzen.";
  setText(byId("connection"), text);
  show(byId("connection"), true);
}

function refused(error) {
  setText(byId("refusal"), error.message);
  show(byId("refusal"), true);
  clearTimeout(refused.timer);
  refused.timer = setTimeout(() => show(byId("refusal"), false), 15000);
}

function hangUp() {
  if (!phone.hangUp()) {
    api.hangUp().catch(refused);
    return;
  }
  const { call_id: ending } = snapshot?.call ?? {};
  setTimeout(() => {
    if (ending && snapshot.call?.call_id === ending && snapshot.call.phase === "talking") api.hangUp().catch(refused);
  }, HANG_UP_MS);
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

function tick() {
  if (!snapshot) return;
  tickHead(snapshot);
  if (snapshot.call) tickCall(snapshot.call);
}

function submits(id, act) {
  byId(id).addEventListener("submit", (event) => {
    event.preventDefault();
    if (snapshot?.call) act(snapshot.call).catch(refused);
  });
}

byId("answer").addEventListener("click", () => phone.answer());
byId("orphan-answer").addEventListener("click", () => phone.answer());
byId("orphan-hangup").addEventListener("click", hangUp);
byId("reject").addEventListener("click", reject);
byId("hangup").addEventListener("click", hangUp);
byId("mute").addEventListener("click", () => phone.toggleMute());
byId("hold").addEventListener("click", () => phone.toggleHold());
byId("extend").addEventListener("click", () => api.extend().catch(refused));
byId("sound-on").addEventListener("click", () => tone.unlock());
byId("phone-retry").addEventListener("click", () => phone.start(api.softphone));
byId("phone-take").addEventListener("click", async () => {
  keptElsewhere = !(await tab.takeOver());
  update();
});
byId("logout").addEventListener("submit", forgetDrafts);
submits("type-form", (call) => api.correctType(call.call_id, byId("type").value));
submits("identity-form", (call) => api.identity(call.call_id, byId("identity-how").value));
onIntent((intent, reason) => api.presence(intent, reason).catch(refused));
onReceiptRead(update);
onDisposed((callId, outcome, result) => {
  keepReceipt(callId, outcome, result);
  update();
});
document.addEventListener("loggedout", () => ended("logout"));
addEventListener("beforeunload", (event) => {
  if (phone.talking || snapshot?.call?.phase === "talking") event.preventDefault();
});

listenForKeys();
offerNotifications();
setInterval(tick, 500);
stream.open();
if (kind === "browser") tab.start();

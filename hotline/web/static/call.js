// The call on the screen: who calls, about what, since when, what to ask, and which buttons make sense now.

import { byId, build, fillList, setAttribute, setDisabled, setText, show } from "./dom.js";
import { renderHistory } from "./history.js";
import { handedBy, transferring } from "./situation.js";
import { duration, onShortDay, secondsSince, secondsUntil } from "./times.js";

const PHASES = {
  offered: "Anruf klingelt",
  talking: "Im Gespräch",
  consulting: "Rückfrage",
  lost: "Verbindung abgebrochen",
  wrap_up: "Nacharbeit",
};
const CHECKED = "hotline-checked"; // the call whose identity was checked in this tab
let typeShown = "";

export const callerText = (call) => call.caller ?? "unterdrückt";

export function renderCall(snapshot, connected) {
  const { call } = snapshot;
  show(byId("call"), Boolean(call));
  show(byId("no-call"), !call);
  if (!call) return renderEmpty(snapshot, connected);
  setAttribute(byId("call"), "data-phase", call.phase);
  setAttribute(byId("call"), "data-disposed", String(Boolean(call.disposed)));
  setText(byId("call-phase"), phaseText(call));
  setText(byId("call-type"), call.request_type.label);
  setText(byId("call-caller"), callerText(call));
  setText(byId("call-household"), call.household_number ?? "nicht eingegeben");
  setText(byId("call-waited"), `${duration(call.waited_seconds)} min`);
  setText(byId("call-earlier"), String(call.earlier_calls));
  setText(byId("call-promises"), String(call.open_promises));
  setText(byId("call-people"), `Unter dieser Nummer: ${call.people} Personen`);
  show(byId("call-people"), call.people > 1);
  setText(byId("call-language"), call.language ? `Sprache: ${call.language}` : "");
  show(byId("call-language"), Boolean(call.language));
  setText(byId("call-familiar"), call.familiar ?? "");
  show(byId("call-familiar"), Boolean(call.familiar));
  renderGuide(call.request_type, snapshot.knowledge);
  renderTypes(snapshot.request_types, call);
  renderIdentity(snapshot, call);
  return undefined;
}

function phaseText({ phase, handed, transfer }) {
  if (phase === "offered" && handed) return `${handedBy(handed)} klingelt`;
  if (phase === "talking" && transfer?.how === "consult" && transfer.state !== "failed") return PHASES.consulting;
  return PHASES[phase] ?? phase;
}

function renderEmpty({ state }, connected) {
  const quiet = "Sie bekommen gerade keine Anrufe. Mit „Bereit“ geht es los.";
  const ready = state === "ready" ? "Der nächste Anruf erscheint hier, bevor es klingelt." : quiet;
  setText(byId("no-call-text"), connected ? ready : "Solange der Telefonservice fehlt, erscheinen hier keine Anrufe.");
}

function renderGuide({ guide, papers = [], links = [] }, knowledge) {
  fillList(byId("guide"), guide, (sentence) => build("li", {}, sentence));
  fillList(byId("papers"), papers, (paper) => build("li", {}, paper));
  show(byId("papers-part"), papers.length > 0);
  fillList(byId("links"), links, ({ label, url }) =>
    build("li", {}, build("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label, build("span", { class: "unseen" }, " (neues Fenster)"))));
  show(byId("links-part"), links.length > 0);
  show(byId("knowledge"), Boolean(knowledge));
  setText(byId("knowledge-text"), knowledge?.text ?? "");
  setText(byId("knowledge-by"), knowledge ? `${onShortDay(knowledge.at)}, ${knowledge.author}` : "");
}

// The choice is only set when the call's type changes: a list that is being used must not jump.
function renderTypes(types, call) {
  const select = byId("type");
  fillList(select, types, (type) => build("option", { value: type.key }, type.label));
  const shown = `${call.call_id} ${call.request_type.key}`;
  if (typeShown === shown) return;
  typeShown = shown;
  select.value = call.request_type.key;
}

function renderIdentity(snapshot, call) {
  show(byId("identity-form"), !call.identity);
  show(byId("identity-done"), Boolean(call.identity));
  const option = [...byId("identity-how").options].find(({ value }) => value === call.identity);
  const by = call.handed && sessionStorage.getItem(CHECKED) !== call.call_id ? ` (von ${call.handed.by})` : "";
  setText(byId("identity-done"), call.identity ? `✓ Geprüft: ${option?.text ?? call.identity}${by}` : "");
  show(byId("history"), Boolean(call.history));
  renderHistory(call.history, snapshot.request_types);
}

export { outcomeLabel } from "./history.js";

// Whoever takes the call over is told that somebody else has checked.
export const rememberCheck = (callId) => sessionStorage.setItem(CHECKED, callId);

// local: {kind, owner, incoming, ringing, answering, talking, muted, held, busy}
export function renderButtons(call, local) {
  const offered = call?.phase === "offered";
  const talking = ["talking", "consulting"].includes(call?.phase);
  const alone = talking && call.phase === "talking" && !transferring(call); // with the caller and nobody else
  const mine = local.kind === "browser" && local.owner;
  show(byId("answer"), Boolean(call) && mine && (offered || local.incoming));
  setDisabled(byId("answer"), !local.ringing);
  show(byId("reject"), offered && !local.answering);
  show(byId("mute"), local.talking);
  show(byId("hold"), local.talking && alone);
  setAttribute(byId("mute"), "aria-pressed", String(local.muted));
  setAttribute(byId("hold"), "aria-pressed", String(local.held));
  const waits = transferring(call) && !call.caller_gone; // the caller, for the agent to decide how it goes on
  show(byId("hangup"), (talking || local.talking || local.answering) && !waits);
  show(byId("extend"), call?.phase === "wrap_up");
  const hint = callHint(call, local, mine);
  setText(byId("call-hint"), hint);
  show(byId("call-hint"), hint !== "");
}

function callHint(call, local, mine) {
  if (!call) return "";
  if (call.phase !== "offered") return "";
  if (local.kind === "desk") return "Bitte am Telefon abheben.";
  if (!mine) return "Das Telefon ist in einem anderen Fenster. Bitte dort annehmen.";
  return "";
}

export function tickCall(call) {
  const clock = byId("call-clock");
  const left = call.wrap_up_until ? secondsUntil(call.wrap_up_until) : null;
  clock.classList.toggle("over", call.phase === "wrap_up" && left !== null && left <= 0);
  setText(clock, clockText(call, left));
}

function clockText(call, left) {
  if (call.phase === "offered") return call.ring_until ? `noch ${duration(Math.ceil(Math.max(0, secondsUntil(call.ring_until))))}` : "";
  if (call.phase === "lost") return call.lost_until ? `noch ${duration(Math.ceil(Math.max(0, secondsUntil(call.lost_until))))}` : "";
  if (["talking", "consulting"].includes(call.phase)) return call.answered_at ? duration(secondsSince(call.answered_at)) : "";
  if (left === null) return "";
  return left > 0 ? `noch ${duration(Math.ceil(left))}` : "Zeit ist um, bitte abschließen";
}

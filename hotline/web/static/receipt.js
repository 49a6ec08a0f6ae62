// What the agent reads out after a request was closed; stays on the screen, also after a reload, until it is put away.

import { copyCall } from "./copying.js";
import { byId, build, fillList, setText, show } from "./dom.js";
import { outcomeLabel } from "./call.js";
import { dayAndClock } from "./times.js";

const KEPT = "hotline-receipt";
const own = document.body.dataset.agent;
let moved = "";

export function keepReceipt(callId, result) {
  const kept = stored();
  const same = kept?.call_id === callId;
  const others = same ? kept.written.filter(({ number }) => number !== result.number) : [];
  store({ call_id: callId, written: [...others, result], read: same ? Math.min(kept.read, others.length) : 0 });
}

export function renderReceipt(call) {
  const kept = caughtUp(call);
  const visible = Boolean(kept) && kept.written.length > kept.read;
  show(byId("receipt"), visible);
  if (!visible) return;
  const last = kept.written.at(-1);
  setText(byId("receipt-heading"), `Festgehalten: ${outcomeLabel(last.outcome)}`);
  setText(byId("receipt-number"), last.receipt ?? "");
  setText(byId("receipt-due"), last.due ? dayAndClock(last.due) : "");
  setText(byId("receipt-who"), last.responsible ?? "");
  setText(byId("receipt-rule"), last.rule ?? "");
  show(byId("receipt-line"), Boolean(last.receipt));
  show(byId("receipt-due-line"), Boolean(last.due));
  show(byId("receipt-who-line"), Boolean(last.responsible));
  show(byId("receipt-team"), Boolean(last.team));
  const before = kept.written.slice(0, -1);
  show(byId("receipt-before"), before.length > 0);
  fillList(byId("receipt-before-list"), before, (done) => build("li", {}, ...line(done)));
  focusOnce(`${kept.call_id} ${kept.written.length}`);
}

function line({ type, outcome, receipt, due, responsible }) {
  const rest = [due && `bis ${dayAndClock(due)}`, responsible].filter(Boolean).join(", ");
  const number = receipt ? [build("b", { class: "receipt" }, receipt), rest ? `, ${rest}` : ""] : [rest];
  return [`${[type, outcomeLabel(outcome)].filter(Boolean).join(": ")} `, ...number];
}

// What the service tells of this call wins; what somebody else has written about it is nothing to be read out here.
function caughtUp(call) {
  const kept = stored();
  if (!call) return kept;
  const told = (call.written?.length ? call.written : [call.disposed]).filter(Boolean);
  const same = kept?.call_id === call.call_id;
  const mine = told.some(({ agent }) => !agent || agent === own);
  if (told.length && (same ? told.length >= kept.written.length : mine)) {
    const read = same ? kept.read : 0;
    if (JSON.stringify(kept) !== JSON.stringify({ call_id: call.call_id, written: told, read })) {
      store({ call_id: call.call_id, written: told, read });
    }
  } else if (kept && !same) {
    sessionStorage.removeItem(KEPT);
  }
  return stored();
}

export function onReceiptRead(read) {
  byId("receipt-done").addEventListener("click", () => {
    const kept = stored();
    store({ ...kept, read: kept.written.length });
    read();
    const note = byId("field-note");
    if (note.closest("[hidden]") === null) note.focus();
  });
  byId("receipt-copy").addEventListener("click", () => copyCall(stored().call_id, byId("receipt-copied")));
}

function stored() {
  return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
}

function store(value) {
  sessionStorage.setItem(KEPT, JSON.stringify(value));
  setText(byId("receipt-copied"), "");
}

// The form that had the focus is gone, or begins anew: move it to what must be read out now.
function focusOnce(which) {
  if (moved === which) return;
  moved = which;
  const { activeElement: active } = document;
  if (active === document.body || active?.closest("[hidden]") || active?.closest("#disposition")) byId("receipt").focus();
}

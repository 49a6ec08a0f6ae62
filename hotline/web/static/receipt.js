// What the agent reads out after a call was closed; stays on the screen, also after a reload, until it is put away.

import { byId, setText, show } from "./dom.js";
import { outcomeLabel } from "./call.js";
import { dayAndClock } from "./times.js";

const KEPT = "hotline-receipt";
let moved = "";

export function keepReceipt(callId, outcome, result) {
  store({ call_id: callId, outcome, ...result });
}

export function renderReceipt(call) {
  if (call?.disposed && stored()?.call_id !== call.call_id) store({ call_id: call.call_id, ...call.disposed });
  if (call && !call.disposed && stored() && stored().call_id !== call.call_id) sessionStorage.removeItem(KEPT);
  const kept = stored();
  const visible = Boolean(kept) && !kept.read;
  show(byId("receipt"), visible);
  if (!visible) return;
  const detail = { ...kept, ...(call?.disposed && call.call_id === kept.call_id ? call.disposed : {}) };
  setText(byId("receipt-heading"), `Festgehalten: ${outcomeLabel(detail.outcome)}`);
  setText(byId("receipt-number"), detail.receipt ?? "");
  setText(byId("receipt-due"), detail.due ? dayAndClock(detail.due) : "");
  setText(byId("receipt-who"), detail.responsible ?? "");
  setText(byId("receipt-rule"), detail.rule ?? "");
  show(byId("receipt-line"), Boolean(detail.receipt));
  show(byId("receipt-due-line"), Boolean(detail.due));
  show(byId("receipt-who-line"), Boolean(detail.responsible));
  show(byId("receipt-team"), Boolean(detail.team));
  focusOnce(kept.call_id);
}

export function onReceiptRead(read) {
  byId("receipt-done").addEventListener("click", () => {
    store({ ...stored(), read: true });
    read();
  });
}

function stored() {
  return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
}

function store(value) {
  sessionStorage.setItem(KEPT, JSON.stringify(value));
}

// The form that had the focus is gone: move it to what must be read out now.
function focusOnce(callId) {
  if (moved === callId) return;
  moved = callId;
  if (document.activeElement === document.body || document.activeElement?.closest("[hidden]")) byId("receipt").focus();
}

// Who is with whom in words, when it is more than one agent talking with one caller: shown, and read out on change.

import { announce } from "./attention.js";
import { byId, setText, show } from "./dom.js";

const HANDED = { consult: "Rückfrage von", blind: "Übergabe von", phone: "Übergabe von" };
const NOT_REACHED = "Das Verbinden ist nicht gelungen.";
let told = "";

export const handedBy = ({ how, by }) => `${HANDED[how] ?? HANDED.phone} ${by}`;

// The caller waits while the agent talks with somebody else, or is about to be with somebody else.
export const transferring = (call) => call?.phase === "talking" && Boolean(call.transfer) && call.transfer.state !== "failed";

export function situation(call) {
  if (call.phase === "lost") return lost(call);
  if (call.phase === "consulting") return consulted(call);
  if (call.transfer?.state === "failed") return failed(call);
  if (call.transfer && (call.phase === "talking" || call.transfer.how === "blind")) return handingOn(call);
  return "";
}

function lost({ transfer }) {
  const why = transfer?.state === "failed" ? transfer.why ?? NOT_REACHED : "Die Verbindung ist abgebrochen.";
  return `${why} Ihr Anrufer hört Musik und wird gleich wieder durchgestellt.`;
}

function consulted({ handed, caller_gone: gone }) {
  const from = handed ? handedBy(handed) : "Rückfrage";
  return gone ? `${from}: Der Anrufer hat inzwischen aufgelegt.` : `${from}: Sie sprechen miteinander. Der Anrufer wird gehalten und hört Musik.`;
}

const OUTCOMES = { offered: "Ihr Anrufer kommt zu Ihnen zurück.", talking: "Sie sprechen wieder mit dem Anrufer." };

function failed({ phase, transfer: { why } }) {
  return OUTCOMES[phase] ? `${why ?? NOT_REACHED} ${OUTCOMES[phase]}` : "";
}

function handingOn({ transfer: { how, target, state }, caller_gone: gone }) {
  if (how === "blind") return `Der Anrufer wird mit ${target} verbunden.`;
  if (gone) return `Rückfrage bei ${target}: Der Anrufer hat inzwischen aufgelegt.`;
  if (state === "talking") return `Rückfrage bei ${target}: Sie sprechen miteinander. Der Anrufer hört Musik.`;
  return `Rückfrage bei ${target}: Es klingelt. Der Anrufer hört Musik.`;
}

export function renderSituation(call, before) {
  const text = call ? situation(call) : "";
  setText(byId("situation-text"), text);
  show(byId("situation"), text !== "");
  if (text !== told && text) announce(text);
  else if (before?.phase === "consulting" && call?.phase === "talking") announce("Sie sprechen jetzt mit dem Anrufer.");
  told = text;
}

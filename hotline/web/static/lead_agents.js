// Each agent's state with its cause, and what the lead may do about it.

import { byId, setAttribute, setDisabled, setText, show } from "./dom.js";
import { STATES, tooLong } from "./head.js";
import { leadApi } from "./lead_api.js";
import { fillParts, partsOf, refuse } from "./parts.js";
import { atClock, duration, secondsSince, secondsUntil } from "./times.js";

const STAYS = "Ein laufendes Gespräch wird nicht getrennt. Festhalten lässt es sich erst nach der nächsten Anmeldung.";
const ENDS = "Alle Fenster dieser Person werden abgemeldet, und sie bekommt keine Anrufe mehr.";

let leaving = null;

export function renderAgents(agents) {
  fillParts(byId("agents"), byId("agent-template"), agents, (agent) => agent.name, render);
  show(byId("agents-not-ready"), agents.some(({ state }) => state === "not_ready"));
  tickAgents(agents);
}

function render(parts, agent, row) {
  setAttribute(row, "data-state", agent.state);
  setText(parts.name, agent.full_name);
  setAttribute(parts.name, "href", `/lead/agents/${encodeURIComponent(agent.name)}`);
  setAttribute(parts.name, "aria-label", `${agent.full_name}, Tageszahlen ansehen`);
  setText(parts.state, STATES[agent.state] ?? agent.state);
  setText(parts.cause, cause(agent));
  setText(parts.since, `${atClock(agent.since)} Uhr`);
  setAttribute(parts.pause, "aria-label", `${agent.full_name} in Pause setzen`);
  setAttribute(parts.logout, "aria-label", `${agent.full_name} abmelden`);
  setDisabled(parts.pause, agent.intent !== "ready");
  parts.pause.onclick = () => leadApi.pause(agent.name).then(() => done(`${agent.full_name} ist in Pause gesetzt.`), refuse);
  parts.logout.onclick = () => ask(agent);
}

function cause({ state, cause, type }) {
  const words = cause.toLowerCase() === (STATES[state] ?? "").toLowerCase() ? "" : cause;
  return [words, type].filter(Boolean).join(" · ");
}

export function tickAgents(agents) {
  const rows = byId("agents").children;
  agents.forEach((agent, place) => {
    setText(partsOf(rows[place]).elapsed, `(${duration(secondsSince(agent.since))}${tooLong(agent)})`);
    setAttribute(rows[place], "data-long", String(agent.wrap_up_until !== null && secondsUntil(agent.wrap_up_until) < 0));
  });
}

function ask(agent) {
  leaving = agent;
  setText(byId("logout-heading"), `${agent.full_name} abmelden?`);
  setText(byId("logout-text"), agent.with_caller ? `${agent.full_name}: ${STATES[agent.state]}. ${STAYS} ${ENDS}` : ENDS);
  setText(byId("logout-yes"), agent.with_caller ? "Trotzdem abmelden" : "Abmelden");
  byId("logout-dialog").returnValue = "no";
  byId("logout-dialog").showModal();
}

byId("logout-dialog").addEventListener("close", () => {
  if (byId("logout-dialog").returnValue !== "yes") return;
  const { name, full_name: who, with_caller: evenInTalk } = leaving;
  leadApi.logOut(name, evenInTalk).then(() => done(`${who} ist abgemeldet.`), refuse);
});

export function done(text) {
  setText(byId("done"), text);
  show(byId("refusal"), false);
}

// Silent alarms for the lead, on the lead's page and on the agent's page of a lead with a seat: they stay until they are seen.

import { announce } from "./attention.js";
import { byId, setText, show } from "./dom.js";
import { leadApi } from "./lead_api.js";
import { fillParts } from "./parts.js";
import { atClock } from "./times.js";

export const SILENT_ALARM = "Stiller Alarm im Telefonservice"; // what a desktop message may say
const told = new Set(); // alarms that were announced

// refused(error) shows what did not work. The newest alarm that was not there before, or nothing.
export function renderAlarms(alarms, refused) {
  show(byId("alarms"), alarms.length > 0);
  fillParts(byId("alarms-list"), byId("alarm-template"), alarms, (alarm) => alarm.id, (parts, alarm) => {
    setText(parts.what, `${alarm.agent_name} wird bedroht`);
    setText(parts.facts, facts(alarm));
    parts.seen.setAttribute("aria-label", `Alarm von ${alarm.agent_name} als gesehen vermerken`);
    parts.seen.onclick = () => leadApi.seen(alarm.id).catch(refused);
  });
  const fresh = alarms.filter((alarm) => !told.has(alarm.id));
  for (const alarm of fresh) told.add(alarm.id);
  if (fresh.length) announce(fresh.map((alarm) => `Alarm: ${alarm.agent_name} wird bedroht, ${facts(alarm)}.`).join(" "));
  return fresh.at(-1);
}

const facts = (alarm) =>
  [`${atClock(alarm.at)} Uhr`, `Anrufer ${alarm.caller ?? "ohne Rufnummer"}`, alarm.request_type].filter(Boolean).join(" · ");

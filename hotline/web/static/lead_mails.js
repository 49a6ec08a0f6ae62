// Mails that did not arrive: to whom, why, since when, and once more.

import { byId, setText, show } from "./dom.js";
import { done } from "./lead_agents.js";
import { leadApi } from "./lead_api.js";
import { fillParts, refuse } from "./parts.js";
import { shortly } from "./times.js";

export function renderMails(figures) {
  const mails = figures?.mails ?? [];
  const more = (figures?.mails_stuck ?? 0) - mails.length;
  show(byId("mails-part"), mails.length > 0);
  setText(byId("mails-more"), `Die ältesten ${mails.length}; ${more} weitere.`);
  show(byId("mails-more"), more > 0);
  fillParts(byId("mails"), byId("mail-template"), mails, (mail) => mail.id, render);
}

function render(parts, mail) {
  const name = mail.receipt ? `Vorgang ${mail.receipt}` : "ohne Vorgang";
  setText(parts.to, mail.to);
  setText(parts.address, mail.address && mail.address !== mail.to ? mail.address : "");
  setText(parts.why, `${mail.why}.`);
  setText(parts.facts, `${name} · geschrieben ${shortly(mail.since)}`);
  parts.retry.setAttribute("aria-label", `E-Mail an ${mail.to}, ${name}, noch einmal senden`);
  parts.retry.onclick = () => again(mail);
}

const again = (mail) => leadApi.retryMail(mail.id).then(() => done(`Die E-Mail an ${mail.to} wird noch einmal gesendet.`), refuse);

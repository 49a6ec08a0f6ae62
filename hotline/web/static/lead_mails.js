// Mails that did not arrive: to whom, why, since when; the same once more, or one to somebody else.

import { byId, setText, show } from "./dom.js";
import { done } from "./lead_agents.js";
import { leadApi } from "./lead_api.js";
import { fillParts, refuse } from "./parts.js";
import { shortly } from "./times.js";

let elsewhere = null;

export function renderMails(figures) {
  const mails = figures?.mails ?? [];
  const more = (figures?.mails_stuck ?? 0) - mails.length;
  show(byId("mails-part"), mails.length > 0);
  setText(byId("mails-more"), `Die ältesten ${mails.length}; ${more} weitere.`);
  show(byId("mails-more"), more > 0);
  fillParts(byId("mails"), byId("mail-template"), mails, (mail) => mail.id, render);
}

function render(parts, mail) {
  const name = called(mail);
  setText(parts.to, mail.to);
  setText(parts.address, mail.address && mail.address !== mail.to ? mail.address : "");
  setText(parts.why, `${mail.why}.`);
  setText(parts.facts, `${name} · geschrieben ${shortly(mail.since)}`);
  parts.retry.setAttribute("aria-label", `E-Mail an ${mail.to}, ${name}, noch einmal senden`);
  parts.retry.onclick = () => again(mail);
  parts.other.setAttribute("aria-label", `E-Mail an ${mail.to}, ${name}, an eine andere Adresse senden`);
  parts.other.onclick = () => ask(mail);
  show(parts.other, Boolean(mail.receipt && mail.address));
}

const called = (mail) => (mail.receipt ? `Vorgang ${mail.receipt}` : "ohne Vorgang");

const again = (mail) => leadApi.retryMail(mail.id).then(() => done(`Die E-Mail an ${mail.to} wird noch einmal gesendet.`), refuse);

function ask(mail) {
  elsewhere = mail;
  setText(byId("mail-dialog-heading"), `${called(mail)}: an eine andere Adresse`);
  setText(byId("mail-dialog-text"), whoAnswers(mail));
  for (const option of byId("mail-to").options) option.disabled = option.value === mail.key;
  byId("mail-to").value = "";
  byId("mail-dialog").returnValue = "no";
  byId("mail-dialog").showModal();
}

function whoAnswers(mail) {
  const answers = mail.responsible ?? "die zuständige Stelle";
  if (!mail.to_holder) return `Zuständig bleibt ${answers}. Die E-Mail weist auf die offene Zusage hin.`;
  return `Bisher zuständig: ${answers}. Wer die neue E-Mail bekommt, ist danach zuständig und bekommt auch die Erinnerung.`;
}

byId("mail-dialog").addEventListener("close", () => {
  if (byId("mail-dialog").returnValue !== "yes") return;
  const to = byId("mail-to").selectedOptions[0];
  leadApi.redirectMail(elsewhere.id, to.value).then(() => done(`Die E-Mail geht an ${to.text}.`), refuse);
});

// Putting a version in force: the reason, how far it is, what it came to; and throwing the draft away.

import { ask, post, seen } from "./admin_api.js";
import { attempt, refuse, showAnew, showFindings } from "./admin_forms.js";
import { build, byId, setText, show } from "./dom.js";

const POLL_MS = 500;
const RETRY_MS = 1000;
const MOST_LOST = 60; // answers in a row: the service goes on without being watched
const FOLLOWED = "hotline-admin-followed"; // the service's start: what it comes to is told even when this page is loaded anew meanwhile
const activate = byId("activate-form");
const rollback = byId("rollback-form");

listen(activate, () => "/admin/activate");
listen(rollback, (form) => `/admin/history/${form.dataset.number}/rollback`);

function listen(form, path) {
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { reason, seen: read } = form.elements;
    if (read && !read.checked) return showFindings(form, { seen: "Bitte lesen Sie zuerst die Hinweise oben und kreuzen Sie dies an." });
    const go = () => attempt(form, () => post(path(form), { ...seen(), values: { reason: reason.value } }), { again: () => location.reload(), look: true });
    const told = await go();
    if (told) follow(told);
  });
}

async function follow(told) {
  const begun = told.running ? told.start : sessionStorage.getItem(FOLLOWED) ?? told.start;
  sessionStorage.setItem(FOLLOWED, begun);
  for (const form of [activate, rollback]) form?.querySelector("button").setAttribute("disabled", "");
  for (let lost = 0; told.running; ) {
    renderProgress(told);
    await new Promise((done) => setTimeout(done, lost ? RETRY_MS : POLL_MS));
    try {
      told = await ask("/admin/activation");
      lost = 0;
    } catch (error) {
      lost += 1;
      if (lost > MOST_LOST) told = { failed: error.message };
    }
  }
  sessionStorage.removeItem(FOLLOWED);
  show(byId("activation"), false);
  if (told.result) return finished(told);
  for (const form of [activate, rollback]) form?.querySelector("button").removeAttribute("disabled");
  if (told.accounts) showPasswords(told.accounts);
  if (told.failed) refuse(told.failed);
  else if (told.start !== begun) showAnew("Der Telefonservice wurde inzwischen neu gestartet. Hier steht, was jetzt in Kraft ist.");
}

function renderProgress({ step, done, of }) {
  show(byId("activation"), true);
  setText(byId("activation-step"), step);
  const bar = byId("activation-progress");
  if (of) Object.assign(bar, { max: of, value: done });
  else bar.removeAttribute("value");
}

function finished({ result, accounts }) {
  setText(byId("activation-heading"), `Version ${result.version} ist in Kraft`);
  const parts = result.reloaded.length ? `Umgestellt wurde: ${result.reloaded.join(", ")}.` : "An der Telefonanlage war nichts umzustellen.";
  setText(byId("activation-reloaded"), result.differs.length ? parts : `${parts} Danach wurde verglichen: Alles ist, wie es sein soll.`);
  list("activation-differs", result.differs);
  list("activation-restart", result.restart);
  list("activation-outdated", result.outdated);
  list("activation-people", result.people);
  byId("activation-result").classList.toggle("warn", result.differs.length + result.outdated.length > 0);
  for (const card of document.querySelectorAll("main > .card")) card.hidden = true;
  showPasswords(accounts ?? []);
}

function showPasswords(accounts) {
  list("activation-accounts", accounts.map(({ name, password }) => `${name}: ${password}`));
  show(byId("activation-result"), true);
  byId("activation-result").focus();
}

function list(id, lines) {
  byId(id).querySelector("ul").replaceChildren(...lines.map((line) => build("li", {}, line)));
  show(byId(id), lines.length > 0);
}

byId("activation-noted").addEventListener("click", async () => {
  const noted = await attempt(byId("activation-result"), () => post("/admin/activation/noted", {}));
  if (noted) location.assign("/admin");
});

const dialog = byId("discard-dialog");
byId("discard")?.addEventListener("click", () => {
  dialog.returnValue = "no";
  dialog.showModal();
});
dialog?.addEventListener("close", async () => {
  if (dialog.returnValue !== "yes") return;
  const gone = await attempt(dialog, () => post("/admin/draft/discard", seen()), { again: () => location.reload(), look: true });
  if (gone) showAnew("Der Entwurf ist verworfen.");
});

// Another window, or another admin, may be putting one in force just now; and first passwords wait until they are noted.
ask("/admin/activation").then((told) => {
  if (told.running || sessionStorage.getItem(FOLLOWED)) follow(told);
  else if (told.accounts) (told.result ? finished(told) : showPasswords(told.accounts));
}, () => {});

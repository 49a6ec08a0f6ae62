// Looking something up by receipt, number or Bedarfsgemeinschaft; contents are fetched only when they are opened.

import { api } from "./api.js";
import { byId, build, setText, show } from "./dom.js";
import { dayAndClock, shortly } from "./times.js";

const field = byId("search-text");
let asked = 0;

export function listenForSearch() {
  byId("search-form").addEventListener("submit", (event) => {
    event.preventDefault();
    search(field.value.trim());
  });
  byId("search-close").addEventListener("click", close);
  byId("search-panel").addEventListener("keydown", (event) => event.key === "Escape" && close());
  field.addEventListener("keydown", (event) => event.key === "Escape" && close());
}

export function focusSearch() {
  field.focus();
  field.select();
}

function close() {
  asked += 1;
  show(byId("search-panel"), false);
  byId("hits").replaceChildren();
  field.value = "";
  problem("");
  say("");
  field.focus();
}

// The newest question counts, whichever answer comes first.
async function search(text) {
  const mine = (asked += 1);
  problem("");
  say("Wird gesucht …");
  try {
    const answer = await api.search(text);
    if (mine === asked) showHits(answer);
  } catch (error) {
    if (mine !== asked) return;
    say("");
    show(byId("search-panel"), false);
    problem(error.fields?.q ?? error.message);
  }
}

function showHits({ hits, most }) {
  const words = countWords(hits.length, most);
  show(byId("search-panel"), true);
  setText(byId("search-count"), words);
  say(words);
  byId("hits").replaceChildren(...hits.map(hitFor));
  if (hits.length) byId("search-panel").scrollIntoView({ block: "nearest" });
}

function countWords(count, most) {
  if (count === 0) return "Nichts gefunden.";
  if (count >= most) return `Die neuesten ${most} Treffer.`;
  return count === 1 ? "1 Treffer." : `${count} Treffer.`;
}

function hitFor(hit) {
  const facts = [hit.status, `vom ${shortly(hit.at)}`, hit.due ? `fällig ${dayAndClock(hit.due)}` : ""].filter(Boolean).join(" · ");
  const contents = build("div", { class: "contents", hidden: true });
  const name = [hit.title, hit.receipt, hit.type].filter(Boolean).join(" ");
  const button = build("button", { type: "button", "data-name": name });
  fold(button, contents, false);
  button.addEventListener("click", () => toggle(hit, button, contents));
  const head = build("p", {}, build("strong", {}, [hit.title, hit.receipt].filter(Boolean).join(" ")), ` ${hit.type}`);
  return build("li", { class: "hit" }, build("div", {}, head, build("p", { class: "small" }, facts)), button, contents);
}

async function toggle(hit, button, contents) {
  if (button.getAttribute("aria-expanded") === "true") return fold(button, contents, false);
  button.disabled = true;
  try {
    contents.replaceChildren(...contentsOf(await api.openHit(hit.kind, hit.id)));
  } catch (error) {
    contents.replaceChildren(build("p", { class: "error", role: "alert" }, error.message));
  }
  button.disabled = false;
  fold(button, contents, true);
  return button.focus();
}

function fold(button, contents, open) {
  button.setAttribute("aria-expanded", String(open));
  setText(button, open ? "Schließen" : "Öffnen");
  button.setAttribute("aria-label", `${button.dataset.name} ${open ? "schließen" : "öffnen"}`);
  show(contents, open);
  if (!open) contents.replaceChildren();
}

function contentsOf({ lines, notes }) {
  const facts = build("dl", { class: "facts" }, ...lines.map(({ label, value }) => build("div", {}, build("dt", {}, label), build("dd", {}, value))));
  const texts = notes.map((text) => build("p", { class: "note" }, text));
  if (!lines.length && !texts.length) return [build("p", { class: "small" }, "Dazu ist nichts mehr gespeichert.")];
  return lines.length ? [facts, ...texts] : texts;
}

const say = (text) => setText(byId("search-status"), text);

function problem(text) {
  setText(byId("search-error"), text);
  show(byId("search-error"), text !== "");
  if (text) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
  if (text) field.focus();
}

// The whole file: numbers beside the lines, what is wrong beside them, checked while it is being typed.

import { nowSeen, post, seen } from "./admin_api.js";
import { attempt, showAnew, valuesOf, watch } from "./admin_forms.js";
import { build, byId, setText, show } from "./dom.js";

const WAIT_MS = 400;
const form = byId("file-form");
const text = byId("file-text");
const stored = text.defaultValue;
let remarks = JSON.parse(text.dataset.remarks);
let timer = 0;
let asking = null;
let announced = null; // how many findings there were when it was last said

watch(form);
render();
jump();
addEventListener("hashchange", jump);
text.addEventListener("scroll", alongside);
text.addEventListener("input", () => {
  renderLines();
  show(byId("file-undo"), text.value !== stored);
  clearTimeout(timer);
  setText(byId("file-state"), "Wird geprüft …");
  timer = setTimeout(check, WAIT_MS);
});
for (const event of ["keyup", "click", "focus"]) text.addEventListener(event, tellLine);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  save();
});
byId("file-undo").addEventListener("click", () => {
  text.value = stored;
  text.dispatchEvent(new Event("input"));
  text.focus();
});

if (text.value !== stored) text.dispatchEvent(new Event("input")); // typed before this script came

async function check() {
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  const checked = text.value;
  try {
    const found = await post("/admin/check", { text: checked }, mine.signal);
    if (mine.signal.aborted || text.value !== checked) return;
    remarks = found.remarks;
    render(found.more);
  } catch (error) {
    if (!mine.signal.aborted) setText(byId("file-state"), `Die Prüfung geht gerade nicht: ${error.message}`);
  }
}

async function save() {
  const body = { ...seen(), text: text.value };
  const answer = await attempt(form, () => post("/admin/file", body), { again: save, whole: true });
  if (!answer) return;
  nowSeen(answer);
  watch(form, valuesOf(form));
  showAnew("Der Entwurf ist gespeichert.");
}

function render(more = 0) {
  const errors = remarks.filter((one) => one.severity === "error").length;
  const hints = remarks.length - errors;
  const told = [errors ? `${errors} Fehler` : "Keine Fehler", hints ? `${hints} ${hints === 1 ? "Hinweis" : "Hinweise"}` : ""].filter(Boolean).join(", ");
  setText(byId("file-state"), `${told}.${more ? ` Weitere ${more} werden nicht gezeigt.` : ""}`);
  if (announced !== null && announced !== told) setText(byId("announce"), `Prüfung: ${told}.`); // not after each pause in typing
  announced = told;
  byId("findings").replaceChildren(...remarks.map(finding));
  renderLines();
  tellLine();
}

function finding(one) {
  const kind = one.severity === "error" ? "Fehler" : "Hinweis";
  const button = build("button", { type: "button" }, build("b", {}, one.line ? `${kind}, Zeile ${one.line}` : kind), build("code", {}, one.path), build("span", {}, one.message));
  button.addEventListener("click", () => goTo(one.line || 1, one.col || 1));
  return build("li", { "data-severity": one.severity }, button);
}

function renderLines() {
  const count = text.value.split("\n").length;
  const worst = new Map();
  for (const one of remarks) if (one.severity === "error" || !worst.has(one.line)) worst.set(one.line, one.severity);
  const pieces = [];
  for (let line = 1; line <= count; line += 1) {
    const severity = worst.get(line);
    const mark = severity === "error" ? "✖ " : severity ? "⚠ " : "";
    pieces.push(severity ? build("b", { "data-severity": severity }, `${mark}${line}`) : String(line), "\n");
  }
  byId("lines").replaceChildren(...pieces);
  alongside();
}

function alongside() {
  byId("lines").scrollTop = text.scrollTop;
}

function tellLine() {
  const line = text.value.slice(0, text.selectionStart).split("\n").length;
  const here = remarks.filter((one) => one.line === line).map((one) => one.message);
  setText(byId("here"), here.length ? `Zeile ${line}: ${here.join(" · ")}` : "");
}

function goTo(line, col) {
  const lines = text.value.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const at = Math.min(before + col - 1, text.value.length);
  text.focus();
  text.setSelectionRange(at, before + (lines[line - 1]?.length ?? 0));
  const height = parseFloat(getComputedStyle(text).lineHeight);
  text.scrollTop = Math.max(0, (line - 5) * height);
  tellLine();
}

function jump() {
  const wanted = /^#line-(\d{1,6})$/.exec(location.hash);
  if (wanted) goTo(Number(wanted[1]), 1);
}

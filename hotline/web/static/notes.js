// What agents write down during calls without data: kept in this tab until it has been copied and put away.

import { announce } from "./attention.js";
import { byId, keepList, setText, show } from "./dom.js";
import { atClock, now } from "./times.js";

const KEPT = "hotline-notes";
const MOST = 100;
const SURE_MS = 5000;
let open = null; // the note of the call that is going on

const kept = () => JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");

function store(notes) {
  sessionStorage.setItem(KEPT, JSON.stringify(notes.slice(-MOST)));
  renderNotes();
}

export const notesLeft = () => kept().some(({ text }) => text.trim() !== "");

export function beginNote() {
  open = crypto.getRandomValues(new Uint32Array(2)).join("-");
  store([...kept(), { id: open, at: new Date(now()).toISOString(), text: "" }]);
  focusOrphanNote();
}

// An empty note goes with its call. Whether something is left of this one.
export function endNote() {
  const written = kept().find(({ id }) => id === open)?.text.trim() ?? "";
  if (!written) store(kept().filter(({ id }) => id !== open));
  open = null;
  return written !== "";
}

// The note leaves this list for the form of its call: its text, and whether it was just being written.
export function takeNote() {
  const text = kept().find(({ id }) => id === open)?.text.trim() ?? "";
  const writing = noteField() !== null && noteField() === document.activeElement;
  store(kept().filter(({ id }) => id !== open));
  open = null;
  return { text, writing };
}

const noteField = () => byId("notes-list").querySelector(`[data-key="${open}"] textarea`);

export function focusOrphanNote() {
  if (!open) return false;
  noteField()?.focus();
  return true;
}

export function renderNotes() {
  const notes = kept();
  show(byId("notes"), notes.length > 0);
  keepList(byId("notes-list"), notes, ({ id }) => id, create, () => {});
}

function create({ id, at, text }) {
  const element = byId("note-template").content.firstElementChild.cloneNode(true);
  const part = (name) => element.querySelector(`[data-part="${name}"]`);
  const when = `Anruf um ${atClock(at)} Uhr`;
  setText(part("title"), when);
  part("text").value = text;
  part("text").addEventListener("input", () =>
    store(kept().map((note) => (note.id === id ? { ...note, text: part("text").value } : note))));
  part("copy").setAttribute("aria-label", `Notiz kopieren, ${when}`);
  part("copy").addEventListener("click", () => copy(part("text")));
  part("remove").setAttribute("aria-label", `Notiz entfernen, ${when}`);
  part("remove").addEventListener("click", () => remove(id, part("remove")));
  return element;
}

async function copy(field) {
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    field.select(); // without https there is no clipboard for scripts
    document.execCommand("copy");
  }
  announce("Die Notiz ist kopiert.");
}

// A second press removes what was written; there is no other copy.
function remove(id, button) {
  const written = kept().find((note) => note.id === id)?.text.trim();
  if (!written || button.dataset.asked) {
    store(kept().filter((note) => note.id !== id));
    return;
  }
  button.dataset.asked = "yes";
  setText(button, "Wirklich entfernen?");
  announce("Noch einmal drücken, um die Notiz zu entfernen.");
  setTimeout(() => {
    delete button.dataset.asked;
    setText(button, "Entfernen");
  }, SURE_MS);
}

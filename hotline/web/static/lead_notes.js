// The notes of knowledge: what is being written is never replaced by news.

import { setText, show } from "./dom.js";
import { done } from "./lead_agents.js";
import { leadApi } from "./lead_api.js";
import { partsOf, refuseForm, showFindings } from "./parts.js";
import { shortly } from "./times.js";

const forms = [...document.querySelectorAll(".note-form")];
const stored = new Map(); // by type, as the service told it last

export function renderNotes(notes) {
  for (const form of forms) {
    const note = notes[form.dataset.type];
    const untouched = !isChanged(form);
    stored.set(form.dataset.type, note?.text ?? "");
    if (untouched) form.elements.text.value = note?.text ?? "";
    setText(partsOf(form).facts, note ? [note.author, shortly(note.at)].filter(Boolean).join(", ") : "Noch kein Hinweis.");
    renderButtons(form);
  }
}

const isChanged = (form) => form.elements.text.value !== (stored.get(form.dataset.type) ?? "");

function renderButtons(form) {
  const { save, undo } = partsOf(form);
  show(save, isChanged(form));
  show(undo, isChanged(form));
}

export function listenForNotes() {
  for (const form of forms) {
    form.addEventListener("input", () => renderButtons(form));
    form.addEventListener("submit", (event) => keep(event, form));
    partsOf(form).undo.addEventListener("click", () => {
      form.elements.text.value = stored.get(form.dataset.type) ?? "";
      form.elements.text.focus();
      renderButtons(form);
    });
  }
  addEventListener("beforeunload", (event) => forms.some(isChanged) && event.preventDefault());
}

async function keep(event, form) {
  event.preventDefault();
  const text = form.elements.text.value;
  try {
    await leadApi.note(form.dataset.type, text);
    showFindings(form, {});
    stored.set(form.dataset.type, text.trim());
    form.elements.text.value = text.trim();
    form.elements.text.focus();
    renderButtons(form);
    done("Der Hinweis ist gespeichert.");
  } catch (error) {
    refuseForm(form, error);
  }
}

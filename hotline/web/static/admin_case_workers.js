// A table of case workers: read here, checked by the service.

import { byId, setText, show } from "./dom.js";

const form = byId("csv-form");
form?.querySelector("[type=file]").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  const place = byId("csv-file-error");
  form.elements.text.value = "";
  const large = file && file.size > Number(form.dataset.most);
  setText(place, large ? "Diese Datei ist zu groß für eine Liste von Personen." : "");
  show(place, Boolean(large));
  if (file && !large) form.elements.text.value = await decoded(file);
});

// Spreadsheets on German computers still write Windows-1252.
async function decoded(file) {
  const bytes = await file.arrayBuffer();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

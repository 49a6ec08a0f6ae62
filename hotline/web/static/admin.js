// What all pages of the admin do: forms, rows that come and go, colours of choices.

import { startForms } from "./admin_forms.js";
import { startRows } from "./admin_rows.js";

startRows();
startForms();
for (const choice of document.querySelectorAll("[data-choice]")) {
  const mark = () => { choice.dataset.value = choice.value; };
  choice.addEventListener("change", mark);
  mark();
}
document.addEventListener("keydown", (event) => {
  if (event.target.closest?.("form[data-post]") && event.key === "Enter" && event.ctrlKey) event.target.form?.requestSubmit();
});

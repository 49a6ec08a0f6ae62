// Lists out of a template: one element per key, its parts by the names in `data-part`.

import { keepList } from "./dom.js";

export const partsOf = (element) =>
  Object.fromEntries([...element.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));

// update(parts, item, element)
export function fillParts(container, template, items, key, update) {
  const create = () => template.content.firstElementChild.cloneNode(true);
  keepList(container, items, key, create, (element, item) => update(partsOf(element), item, element));
}

// Elements in the order of the items; only what stands elsewhere is moved.
export function inOrder(container, items, key) {
  const known = new Map([...container.children].map((element) => [element.dataset.key, element]));
  items.forEach((item, place) => {
    const element = known.get(String(key(item)));
    if (container.children[place] !== element) container.insertBefore(element, container.children[place] ?? null);
  });
}

// A finding beside each field, none where there is none; the first wrong field gets the focus.
export function showFindings(form, findings) {
  for (const place of form.querySelectorAll("[data-error-for]")) {
    const finding = findings[place.dataset.errorFor] ?? "";
    const field = form.elements[place.dataset.errorFor];
    place.textContent = finding;
    place.hidden = !finding;
    if (finding) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
  form.querySelector("[aria-invalid]")?.focus();
}

export const refuse = (error) => document.dispatchEvent(new CustomEvent("refused", { detail: error }));

// What is wrong in a form stands beside its fields, everything else on top of the page.
export function refuseForm(form, error) {
  const known = [...form.querySelectorAll("[data-error-for]")].some((place) => error.fields?.[place.dataset.errorFor]);
  showFindings(form, error.fields ?? {});
  if (!known) refuse(error);
}

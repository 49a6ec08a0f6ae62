// Small changes to the page: only what differs is touched, so nothing that is being edited is ever replaced.

export const byId = (id) => document.getElementById(id);

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

export function setDisabled(element, disabled) {
  if (element.disabled !== disabled) element.disabled = disabled;
}

export function build(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

// Rebuild a list without inputs, and only when its items have changed.
export function fillList(container, items, create) {
  const signature = JSON.stringify(items);
  if (container.dataset.signature === signature) return;
  container.dataset.signature = signature;
  container.replaceChildren(...items.map(create));
}

// Keep one element per key in place; create what is new, drop what is gone, update the rest.
export function keepList(container, items, key, create, update) {
  const present = new Map([...container.children].map((element) => [element.dataset.key, element]));
  for (const item of items) {
    const name = String(key(item));
    let element = present.get(name);
    if (!element) {
      element = create(item);
      element.dataset.key = name;
      container.append(element);
    }
    present.delete(name);
    update(element, item);
  }
  for (const element of present.values()) element.remove();
}

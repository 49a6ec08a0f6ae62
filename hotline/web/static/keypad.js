// Keys for the other side's menu: twelve buttons, or the keyboard while the keypad is open. What was pressed is
// shown until it closes, and kept nowhere: it may be a secret.

import { byId, setText, show } from "./dom.js";

const WORDS = { "*": "Stern", "#": "Raute" };
const LONGEST = 30;

// press(key) sends it; false when there is no talk any more.
export function listenForKeypad(press) {
  const dialog = byId("keypad-dialog");
  const send = (key) => {
    if (!press(key)) return;
    setText(byId("keypad-sent"), (byId("keypad-sent").textContent + key).slice(-LONGEST));
    byId("keypad-said").textContent = `${WORDS[key] ?? key} gesendet`;
  };
  byId("keypad-open").addEventListener("click", () => {
    if (!dialog.open) dialog.showModal();
  });
  byId("keypad-close").addEventListener("click", () => dialog.close());
  byId("keypad-keys").addEventListener("click", (event) => {
    const button = event.target.closest("[data-key]");
    if (button) send(button.dataset.key);
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || !/^[0-9*#]$/.test(event.key)) return;
    event.preventDefault();
    send(event.key);
  });
  dialog.addEventListener("close", () => {
    setText(byId("keypad-sent"), "");
    setText(byId("keypad-said"), "");
  });
}

export function renderKeypad(local) {
  show(byId("keypad-open"), local.talking);
  if (!local.talking && byId("keypad-dialog").open) byId("keypad-dialog").close();
}

// Keys that press buttons of the page; AltGr (Ctrl+Alt on German keyboards) is left alone.

import { byId } from "./dom.js";
import { focusNote } from "./form.js";

const BUTTONS = { KeyA: "answer", KeyR: "reject", KeyM: "mute", KeyH: "hold", KeyU: "hangup", KeyB: "go-ready" };

export function listenForKeys() {
  addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat) return;
    const button = BUTTONS[event.code] && byId(BUTTONS[event.code]);
    if (!button && event.code !== "KeyN") return;
    event.preventDefault();
    if (!button) focusNote();
    else if (!button.disabled && button.closest("[hidden]") === null) button.click();
  });
}

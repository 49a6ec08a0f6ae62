// Keys that press buttons of the page; AltGr (Ctrl+Alt on German keyboards) is left alone.

import { focusCallbackNote } from "./callback_call.js";
import { byId } from "./dom.js";
import { focusNote } from "./form.js";
import { focusOrphanNote } from "./notes.js";
import { focusSearch } from "./search.js";

// Of several, the first that can be pressed.
const BUTTONS = {
  KeyA: ["orphan-answer", "callback-answer", "answer", "callback-start"],
  KeyR: ["orphan-reject", "reject", "callback-refuse"],
  KeyM: ["orphan-mute", "callback-mute", "mute"],
  KeyH: ["hold"],
  KeyU: ["orphan-hangup", "callback-hangup", "hangup"],
  KeyV: ["transfer-complete", "transfer-open"],
  KeyZ: ["transfer-back"],
  KeyB: ["go-ready"],
  KeyK: ["keypad-open"],
  KeyT: ["callback-threat", "threat"],
};
const FIELDS = {
  KeyN: () => focusOrphanNote() || focusCallbackNote() || focusNote(),
  KeyS: focusSearch,
};

export function listenForKeys() {
  addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat) return;
    const press = FIELDS[event.code] ?? presser(BUTTONS[event.code]);
    if (!press) return;
    event.preventDefault();
    press();
  });
}

const presser = (buttons) => buttons && (() => buttons.map(byId).find(pressable)?.click());

const pressable = (button) => !button.disabled && button.closest("[hidden]") === null;

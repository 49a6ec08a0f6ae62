// Keys that press buttons of the page; AltGr (Ctrl+Alt on German keyboards) is left alone.

import { byId } from "./dom.js";
import { focusNote } from "./form.js";
import { focusOrphanNote } from "./notes.js";

// Of several, the first that can be pressed.
const BUTTONS = {
  KeyA: ["orphan-answer", "answer"],
  KeyR: ["orphan-reject", "reject"],
  KeyM: ["orphan-mute", "mute"],
  KeyH: ["hold"],
  KeyU: ["orphan-hangup", "hangup"],
  KeyV: ["transfer-complete", "transfer-open"],
  KeyZ: ["transfer-back"],
  KeyB: ["go-ready"],
};

export function listenForKeys() {
  addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat) return;
    if (!BUTTONS[event.code] && event.code !== "KeyN") return;
    event.preventDefault();
    if (event.code === "KeyN") return focusOrphanNote() || focusNote();
    return BUTTONS[event.code].map(byId).find(pressable)?.click();
  });
}

const pressable = (button) => !button.disabled && button.closest("[hidden]") === null;

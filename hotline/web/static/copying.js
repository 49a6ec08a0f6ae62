// A call as text for the office's case system: onto the clipboard, or, where a page must not, marked for copying by hand.

import { api } from "./api.js";
import { byId, setText } from "./dom.js";
import { after, cancel } from "./timers.js";

const SHOWN_MS = 8000;
const timers = new Map();

// `place` is a live region beside the button that was pressed.
export async function copyCall(callId, place) {
  try {
    const { text } = await api.callText(callId);
    const copied = await onClipboard(text);
    say(place, copied ? "Der Text ist kopiert." : "Der Text ist markiert: bitte mit Strg+C kopieren.");
    if (!copied) byHand(text);
  } catch (refusal) {
    say(place, refusal.message);
  }
}

async function onClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // without https, or the agent has not allowed it
  }
}

function byHand(text) {
  const field = byId("copy-text");
  field.value = text;
  byId("copy-dialog").showModal();
  field.focus();
  field.select();
}

function say(place, text) {
  setText(place, "");
  setText(place, text);
  cancel(timers.get(place));
  timers.set(place, after(SHOWN_MS, () => setText(place, "")));
}

// Nothing may cover a call; the text is there again at the next press.
export const endCopying = () => byId("copy-dialog").close();

byId("copy-close").addEventListener("click", endCopying);

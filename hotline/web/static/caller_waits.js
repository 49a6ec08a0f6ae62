// The caller on the screen waits for a callback, too: shown, and closed when it is not needed any more.

import { announce } from "./attention.js";
import { api } from "./api.js";
import { build, byId, fillList, show } from "./dom.js";
import { placeText } from "./callback_call.js";
import { shortly } from "./times.js";

const TALKS = ["talking", "consulting", "wrap_up"];

// refused(error) shows what did not work.
export function renderCallerWaits(callbacks, call, refused) {
  const talks = TALKS.includes(call?.phase);
  show(byId("caller-waits"), Boolean(call) && callbacks.length > 0);
  fillList(byId("caller-waits-list"), call ? callbacks.map((callback) => ({ ...callback, talks })) : [], (callback) => row(callback, refused));
}

function row(callback, refused) {
  const { id, type, since, place, talks } = callback;
  const when = placeText(place) || `gewünscht ${shortly(since)}`;
  const line = build("li", {}, build("span", {}, `${type}, ${when}`));
  if (talks) line.append(" ", button(id, type, refused));
  return line;
}

function button(id, type, refused) {
  const press = build("button", { type: "button", "aria-label": `Rückruf ${type} ist nicht mehr nötig` }, "Nicht mehr nötig");
  press.addEventListener("click", async () => {
    press.disabled = true;
    try {
      await api.finishCallback(id, "not_needed", "");
      announce("Der Rückruf ist abgeschlossen.");
    } catch (error) {
      press.disabled = false;
      refused(error);
    }
  });
  return press;
}

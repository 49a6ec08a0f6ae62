// How loud it rings in this browser. Quiet is for today only, and a ring nobody hears must still be seen: what is off
// for the ear stays an alarm for the eye.

import { now, onShortDay } from "./times.js";

const VOLUME = "hotline-ring-volume"; // 5 to 100
const QUIET = "hotline-ring-quiet"; // "soft 23.11.2026" or "off 23.11.2026"
const USUAL = 60;
const SOFT = 12;

export const today = () => onShortDay(new Date(now()).toISOString());

export function volume() {
  const kept = Number(localStorage.getItem(VOLUME));
  return kept >= 5 && kept <= 100 ? kept : USUAL;
}

export const setVolume = (percent) => localStorage.setItem(VOLUME, String(percent));

// "no", "soft" or "off"
export function quiet() {
  const [how, day] = (localStorage.getItem(QUIET) ?? "").split(" ");
  return day === today() && ["soft", "off"].includes(how) ? how : "no";
}

export function setQuiet(how) {
  if (how === "no") localStorage.removeItem(QUIET);
  else localStorage.setItem(QUIET, `${how} ${today()}`);
}

// Whether a call is noticed without any sound: somebody looks at the page, or a message comes up.
const isSeen = () => !document.hidden || ("Notification" in window && Notification.permission === "granted");

// 0 to 1, for the next ring; ears hear the square as even steps
export function loudness() {
  const how = quiet();
  if (how === "off" && isSeen()) return 0;
  return ((how === "no" ? volume() : Math.min(SOFT, volume())) / 100) ** 2;
}

// How a call is noticed when the page is not being looked at: title, desktop message, screen reader.

import { byId, setText, show } from "./dom.js";

const REFUSED = "hotline-no-notifications";
const title = document.body.dataset.title;
let wanted = ""; // what a message would say now
let about = ""; // which event it tells of
let message = null;

document.addEventListener("visibilitychange", () => (document.hidden ? bring() : close()));

export function setTitle(prefix) {
  const text = prefix ? `${prefix} – ${title}` : title;
  if (document.title !== text) document.title = text;
}

export function announce(text) {
  setText(byId("announce"), text);
}

// No number and no name: the message may show on a locked screen. It comes up when the page is hidden, or gets hidden
// while it holds; without a sound of its own, as the page rings. Each event is told once, also in the words of another.
export function notify(text, event = text) {
  if (wanted && about === event) return;
  wanted = text;
  about = event;
  close();
  if (document.hidden) bring();
}

export function withdraw() {
  wanted = "";
  close();
}

function bring() {
  if (!wanted || message || !("Notification" in window) || Notification.permission !== "granted") return;
  message = new Notification("Telefonservice", { body: wanted, tag: "hotline-call", requireInteraction: true, silent: true });
  message.onclick = () => {
    window.focus();
    close();
  };
}

function close() {
  message?.close();
  message = null;
}

export function offerNotifications() {
  const offer = byId("notify");
  const undecided = "Notification" in window && Notification.permission === "default" && !localStorage.getItem(REFUSED);
  show(offer, undecided);
  byId("notify-on").addEventListener("click", async () => {
    await Notification.requestPermission();
    show(offer, false);
  });
  byId("notify-off").addEventListener("click", () => {
    localStorage.setItem(REFUSED, "1");
    show(offer, false);
  });
}

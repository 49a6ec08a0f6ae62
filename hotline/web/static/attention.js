// How a call is noticed when the page is not being looked at: title, desktop message, screen reader.

import { byId, setText, show } from "./dom.js";

const REFUSED = "hotline-no-notifications";
const title = document.body.dataset.title;
let message = null;

export function setTitle(prefix) {
  const wanted = prefix ? `${prefix} – ${title}` : title;
  if (document.title !== wanted) document.title = wanted;
}

export function announce(text) {
  setText(byId("announce"), text);
}

// No number and no name: the message may show on a locked screen.
export function notify(text) {
  withdraw();
  if (!document.hidden || !("Notification" in window) || Notification.permission !== "granted") return;
  message = new Notification("Telefonservice", { body: text, tag: "hotline-call", requireInteraction: true });
  message.onclick = () => {
    window.focus();
    withdraw();
  };
}

export function withdraw() {
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

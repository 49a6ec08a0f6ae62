// Messages of the lead: they stay until they are read or over; a new one is told to screen readers.

import { api } from "./api.js";
import { byId, setText, show } from "./dom.js";
import { fillParts } from "./parts.js";
import { atClock } from "./times.js";

const told = new Set();

export function renderMessages(messages, refused) {
  show(byId("messages"), messages.length > 0);
  fillParts(byId("messages-list"), byId("message-template"), messages, (message) => message.id, (parts, message) => {
    setText(parts.author, `${message.author}:`);
    setText(parts.text, message.text);
    setText(parts.at, `(${atClock(message.at)} Uhr)`);
    parts.read.setAttribute("aria-label", `Nachricht gelesen: ${message.text}`);
    parts.read.onclick = () => api.readMessage(message.id).catch(refused);
  });
  const fresh = messages.filter(({ id }) => !told.has(id));
  for (const { id } of fresh) told.add(id);
  if (fresh.length) setText(byId("message-told"), fresh.map(({ author, text }) => `Nachricht von ${author}: ${text}`).join(" "));
}

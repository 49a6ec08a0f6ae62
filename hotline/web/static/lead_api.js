// What the lead's page asks of the service.

import { send } from "./api.js";

const part = (id) => encodeURIComponent(id);

export const leadApi = {
  pause: (agent) => send(`/lead/agents/${part(agent)}/pause`),
  logOut: (agent, evenInTalk) => send(`/lead/agents/${part(agent)}/logout`, { even_in_talk: evenInTalk }),
  seen: (alarm) => send(`/lead/alarms/${part(alarm)}/seen`),
  retryMail: (mail) => send(`/lead/mails/${part(mail)}/retry`),
  redirectMail: (mail, to) => send(`/lead/mails/${part(mail)}/redirect`, { to }),
  announce: (text, until) => send("/lead/announcement", { text, until }),
  message: (text, until) => send("/lead/messages", { text, until }),
  end: (notice) => send(`/lead/notices/${part(notice)}/end`),
  note: (type, text) => send(`/lead/knowledge/${part(type)}`, { text }),
};

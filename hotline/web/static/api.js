// Requests to the service: JSON up, a German sentence back when something is refused.

const LIMIT_MS = 15000;

export class Refusal extends Error {
  constructor(status, message, fields) {
    super(message);
    this.status = status;
    this.fields = fields ?? {};
  }
}

const part = (id) => encodeURIComponent(id);

export const api = {
  presence: (intent, reason) => send("/agent/presence", { intent, reason }),
  shown: (offer) => send(`/agent/offers/${part(offer)}/shown`),
  reject: (offer) => send(`/agent/offers/${part(offer)}/reject`),
  hangUp: () => send("/agent/hangup"),
  correctType: (call, requestType) => send(`/agent/calls/${part(call)}/type`, { request_type: requestType }),
  identity: (call, how) => send(`/agent/calls/${part(call)}/identity`, { how }),
  draft: (call) => request(`/agent/calls/${part(call)}/draft`, {}),
  saveDraft: (call, number, values) => send(`/agent/calls/${part(call)}/draft`, { number, values }),
  dispose: (call, outcome, values, number, more) =>
    send(`/agent/calls/${part(call)}/disposition`, { outcome, values, number, more }),
  another: (call) => send(`/agent/calls/${part(call)}/another`),
  finish: (call) => send(`/agent/calls/${part(call)}/finish`),
  responsible: (call, office, name) => send(`/agent/calls/${part(call)}/responsible`, { office, family_name: name }),
  dispositions: () => request("/agent/dispositions", {}),
  correct: (id, outcome, values) => send(`/agent/dispositions/${part(id)}`, { outcome, values }),
  callText: (call) => request(`/agent/calls/${part(call)}/text`, {}),
  transfer: (call, wish) => send(`/agent/calls/${part(call)}/transfer`, wish),
  completeTransfer: (call) => send(`/agent/calls/${part(call)}/transfer/complete`),
  takeBack: (call) => send(`/agent/calls/${part(call)}/transfer/back`),
  extend: () => send("/agent/wrap-up/extend"),
  takeCallback: (id) => send(`/agent/callbacks/${part(id)}/take`),
  finishCallback: (id, outcome, note) => send(`/agent/callbacks/${part(id)}/finish`, { outcome, note }),
  ringCallback: (id) => send(`/agent/callbacks/${part(id)}/ring`),
  refuseCallback: (id) => send(`/agent/callbacks/${part(id)}/refuse`),
  hangUpCallback: (id) => send(`/agent/callbacks/${part(id)}/hangup`),
  search: (text) => send("/agent/search", { q: text }),
  openHit: (kind, id) => request(`/agent/search/${part(kind)}/${part(id)}`, {}),
  day: () => request("/agent/day", {}),
  callbackFor: (call) => send(`/agent/day/${part(call)}/callback`),
  threat: (call) => send(`/agent/calls/${part(call)}/threat`),
  testRing: () => send("/agent/test-ring"),
  readMessage: (id) => send(`/agent/messages/${part(id)}/read`),
  ping: () => request("/agent/ping", {}),
  softphone: () => request("/agent/softphone", {}),
};

export function send(path, body = {}) {
  return request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Requested-With": "hotline" },
    body: JSON.stringify(body),
    keepalive: true,
  });
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(LIMIT_MS) });
  } catch {
    throw new Refusal(0, "Der Dienst ist gerade nicht erreichbar. Bitte versuchen Sie es gleich noch einmal.");
  }
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  if (response.status === 401) document.dispatchEvent(new CustomEvent("loggedout"));
  throw new Refusal(response.status, answer?.message ?? "Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.", answer?.fields);
}

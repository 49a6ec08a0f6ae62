// What the admin's pages ask of the service. A refusal may carry what another admin has changed (`outdated`).

import { Refusal } from "./api.js";

const LIMIT_MS = 60000;
const AWAY = "Der Dienst ist gerade nicht erreichbar. Ihre Angaben stehen noch hier; bitte versuchen Sie es gleich noch einmal.";
const FAILED = "Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.";

export const ask = (path, signal) => request(path, { headers: { Accept: "application/json" } }, signal);

export const post = (path, body, signal) =>
  request(path, { method: "POST", headers: { "Content-Type": "application/json", "X-Requested-With": "hotline" }, body: JSON.stringify(body) }, signal);

// A file as it is, not as JSON.
export const upload = (path, file) =>
  request(path, { method: "POST", headers: { "Content-Type": "audio/wav", "X-Requested-With": "hotline" }, body: file });

async function request(path, options, signal) {
  const limit = AbortSignal.timeout(LIMIT_MS);
  let response;
  try {
    response = await fetch(path, { ...options, signal: signal ? AbortSignal.any([signal, limit]) : limit });
  } catch {
    throw new Refusal(0, AWAY);
  }
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  if (response.status === 401) location.assign("/login");
  const refusal = new Refusal(response.status, answer?.message ?? FAILED, answer?.fields);
  refusal.outdated = answer?.difference ? answer : null;
  throw refusal;
}

// Which draft and which version in use this page shows: every change names them.
export function seen() {
  const { revision, version } = document.body.dataset;
  return { revision: revision === undefined ? null : Number(revision), version: Number(version) };
}

export function nowSeen({ revision, version }) {
  if (revision === null || revision === undefined) delete document.body.dataset.revision;
  else document.body.dataset.revision = String(revision);
  if (version !== undefined) document.body.dataset.version = String(version);
}

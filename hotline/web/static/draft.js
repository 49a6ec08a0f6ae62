// What is typed survives: at once in this tab, half a second later in the service, so that no crash takes more than that.
// While the service is away it stays here and is sent as soon as it is back. What the service keeps is read when a call
// comes onto the page and when the page comes to the front, never while something typed here is still to be sent. What
// could not be sent before another call came onto the page waits for its call to come back.

import { api } from "./api.js";
import { after, cancel } from "./timers.js";

const LOCAL = "hotline-draft-";
const SOON_MS = 500;
const AGAIN_MS = 3000;
const MOST_WAITING = 5;

export class Draft {
  #call = "";
  #number = 0;
  #timer = null;
  #sending = false;
  #typed = 0; // grows with each change in this tab

  // read(): what stands in the form; write(values): put it there
  constructor({ read, write }) {
    this.read = read;
    this.write = write;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.flush() : this.load()));
    addEventListener("pagehide", () => this.#post().catch(() => {}));
    addEventListener("blur", () => this.flush());
  }

  get values() {
    return this.#local().values;
  }

  // From now on the form belongs to this request of this call. `known` is what is typed already.
  begin(callId, number, known = {}) {
    this.#call = callId;
    this.#number = number;
    this.#tidy();
    if (this.#local().number !== number) this.#store({ number, values: known, unsent: Object.keys(known).length > 0 });
    if (this.#local().unsent) this.#soon(SOON_MS);
  }

  keep() {
    if (!this.#call) return;
    this.#typed += 1;
    this.#store({ number: this.#number, values: { ...this.values, ...this.read() }, unsent: true });
    this.#soon(SOON_MS);
  }

  // What the service has, unless something typed here is newer.
  async load() {
    const [call, number, typed] = [this.#call, this.#number, this.#typed];
    if (!call || this.#local().unsent) return;
    const kept = await api.draft(call).catch(() => null);
    const mine = this.#call === call && this.#number === number && this.#typed === typed;
    if (!mine || kept?.number !== number) return;
    this.#store({ number, values: kept.values, unsent: false });
    this.write(kept.values);
  }

  async flush() {
    cancel(this.#timer);
    this.#timer = null;
    if (!this.#call || this.#sending || !this.#local().unsent) return;
    const [call, sent] = [this.#call, sessionStorage.getItem(LOCAL + this.#call)];
    this.#sending = true;
    const stored = await this.#post().catch(() => false);
    this.#sending = false;
    const same = sessionStorage.getItem(LOCAL + call) === sent;
    if (stored && same) sessionStorage.setItem(LOCAL + call, JSON.stringify({ ...JSON.parse(sent), unsent: false }));
    if (this.#call && this.#local().unsent) this.#soon(same && call === this.#call ? AGAIN_MS : SOON_MS);
  }

  // Nothing of this call is needed any more, up to that request.
  drop(callId, number) {
    if (callId === this.#call && this.#number > number) return;
    sessionStorage.removeItem(LOCAL + callId);
    if (callId === this.#call) this.#call = "";
  }

  // What the service has of other calls goes, and so do the oldest of many that it has not.
  #tidy() {
    const others = Object.keys(sessionStorage).filter((key) => key.startsWith(LOCAL) && key !== LOCAL + this.#call);
    const kept = others.map((key) => ({ key, ...JSON.parse(sessionStorage.getItem(key)) }));
    const waiting = kept.filter(({ unsent }) => unsent).sort((one, other) => other.at - one.at);
    for (const { key } of kept) {
      if (!waiting.slice(0, MOST_WAITING).some((one) => one.key === key)) sessionStorage.removeItem(key);
    }
  }

  async #post() {
    const { number, values, unsent } = this.#local();
    if (!this.#call || !unsent) return true;
    return (await api.saveDraft(this.#call, number, values)).stored;
  }

  #soon(wait) {
    this.#timer ??= after(wait, () => this.flush());
  }

  #local() {
    return JSON.parse(sessionStorage.getItem(LOCAL + this.#call) ?? "null") ?? { number: 0, values: {}, unsent: false };
  }

  #store(kept) {
    if (this.#call) sessionStorage.setItem(LOCAL + this.#call, JSON.stringify({ ...kept, at: Date.now() }));
  }
}

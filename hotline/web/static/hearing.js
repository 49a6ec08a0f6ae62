// Notices that the telephone is deaf: registered as far as it knows, but Asterisk cannot ring it. A change of network
// leaves such connections behind, and Asterisk sees it first.

const PATIENCE_MS = 6000;
const PATIENCE_AT_MOST_MS = 60000;

export class Hearing {
  #since = null;
  #patience = PATIENCE_MS;

  constructor(phone, fetchAccount) {
    this.phone = phone;
    this.fetchAccount = fetchAccount;
  }

  // reachable: Asterisk can ring us; not true while nobody tells
  look(reachable) {
    if (reachable === true) this.#patience = PATIENCE_MS;
    if (reachable !== false || this.phone.status !== "registered" || this.phone.busy) this.#since = null;
    else this.#since ??= performance.now();
    if (this.#since === null || performance.now() - this.#since < this.#patience) return;
    this.#since = null;
    this.#patience = Math.min(this.#patience * 2, PATIENCE_AT_MOST_MS);
    this.phone.restart(this.fetchAccount);
  }
}

// Whose call is on the telephone: one that the service has told of, or one that nothing is known about.

import { after, cancel } from "./timers.js";

const LATE_MS = 3000; // the service is there: its word about the call may merely be late
const AWAY_MS = 600; // it is not: nothing will be told

export class Standing {
  #kind = "none"; // none | waiting | known | orphan
  #since = 0;
  #timer = null;

  // changed() is called when waiting for the service's word is over.
  constructor(changed) {
    this.changed = changed;
  }

  get known() {
    return this.#kind === "known";
  }

  get orphan() {
    return this.#kind === "orphan";
  }

  // busy, incoming: the telephone; connected: the service; told: its call is on the screen; talk: that call is a talk
  look({ busy, incoming, connected, told, talk }) {
    if (!busy) this.#become("none");
    else if (connected && told && (!this.orphan || (talk && !incoming))) this.#become("known");
    else if (this.#kind === "none" || (this.known && connected && incoming)) this.#become("waiting");
    if (this.#kind === "waiting" && incoming) this.#expect(connected ? LATE_MS : AWAY_MS);
  }

  #become(kind) {
    if (this.#kind === kind) return;
    this.#kind = kind;
    this.#since = performance.now();
    cancel(this.#timer);
  }

  #expect(patience) {
    const left = this.#since + patience - performance.now();
    if (left <= 0) return this.#become("orphan");
    cancel(this.#timer);
    this.#timer = after(left + 1, this.changed);
    return undefined;
  }
}

// Which tab owns the telephone: exactly one, held by a lock that ends with the tab; another may ask for it.

import { after } from "./timers.js";

const NAME = "hotline-softphone";
const ANSWER_MS = 700;

export class PhoneTab {
  #channel = new BroadcastChannel(NAME);
  #waiting = null;
  #me = crypto.getRandomValues(new Uint32Array(2)).join("-");
  #answered = null;

  // told: {own(), lose(), busy(): boolean}
  constructor(told) {
    this.told = told;
    this.owner = false;
    this.#channel.addEventListener("message", (event) => this.#heard(event.data));
  }

  start() {
    if (!navigator.locks) this.#own(); // an insecure address: no locks there, and no microphone either
    else this.#queue();
  }

  // Resolves to false when the other tab is in a call and keeps the telephone.
  async takeOver() {
    if ((await this.#ask()) === "busy") return false;
    this.#waiting?.abort();
    this.#request({ steal: true });
    return true;
  }

  #queue() {
    this.#waiting = new AbortController();
    this.#request({ signal: this.#waiting.signal });
  }

  async #request(options) {
    try {
      await navigator.locks.request(NAME, options, () => this.#own());
    } catch {
      if (!this.owner) return; // we stopped waiting in order to take over
      this.owner = false;
      this.told.lose();
      this.#queue();
    }
  }

  #own() {
    this.owner = true;
    this.told.own();
    return new Promise(() => {}); // held until the tab closes or another one takes over
  }

  #ask() {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#channel.postMessage({ ask: this.#me });
      after(ANSWER_MS, () => resolve("silent"));
    });
  }

  #heard(message) {
    if (message.ask && this.owner) {
      this.#channel.postMessage({ to: message.ask, answer: this.told.busy() ? "busy" : "free" });
    } else if (message.to === this.#me) {
      this.#answered?.(message.answer);
    }
  }
}

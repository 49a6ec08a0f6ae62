// Live updates: connects, notices silence, connects again; every message is the whole truth. Each beat is answered, as
// it comes and not by a timer: so the service knows that this page lives, in a hidden tab as well.

import { send } from "./api.js";
import { after, cancel, every } from "./timers.js";

const SILENCE_MS = 12000;
const RETRY_MS = [500, 1000, 2000, 3000];

export class Stream {
  #source = null;
  #heard = 0;
  #tries = 0;
  #retry = null;
  rests = false; // ended for good, as after logging out

  // told: {state(snapshot), beat(now), connected(yes), ended(why)}; `why` is "logout", "sent_home" or "replaced".
  // door: the pages it is for, "/agent" or "/lead"
  constructor(told, door = "/agent") {
    this.told = told;
    this.door = door;
    this.connected = null; // not known yet
    this.screen = crypto.getRandomValues(new Uint32Array(4)).join("-");
    every(1000, () => this.#look());
    addEventListener("online", () => this.open());
    document.addEventListener("visibilitychange", () => document.hidden || this.#look());
    addEventListener("pageshow", (event) => event.persisted && this.open());
  }

  open() {
    this.rests = false;
    this.#close();
    const source = new EventSource(`${this.door}/events?screen=${this.screen}`);
    this.#source = source;
    this.#heard = performance.now();
    source.addEventListener("state", (event) => {
      this.told.state(JSON.parse(event.data)); // first: who is connected knows the newest state
      if (this.connected !== true) this.#answer();
      this.#alive();
    });
    source.addEventListener("beat", (event) => {
      this.#answer();
      this.#alive();
      this.told.beat(event.data);
    });
    source.addEventListener("stop", () => this.#lost());
    for (const why of ["logout", "sent_home", "replaced"]) source.addEventListener(why, () => this.#end(why));
    source.onerror = () => this.#lost();
  }

  #answer() {
    send(`${this.door}/screens/${encodeURIComponent(this.screen)}/heard`).catch(() => {}); // the next beat is another chance
  }

  #alive() {
    this.#heard = performance.now();
    this.#tries = 0;
    this.#set(true);
  }

  #look() {
    if (!this.rests && this.#source && performance.now() - this.#heard > SILENCE_MS) this.#lost();
  }

  async #lost() {
    this.#close();
    this.#set(false);
    cancel(this.#retry);
    this.#retry = after(RETRY_MS[Math.min(this.#tries++, RETRY_MS.length - 1)], () => this.open());
    if (this.#tries > 1 && (await loggedOut())) this.#end("logout");
  }

  #end(why) {
    this.rests = true;
    this.#close();
    this.#set(false);
    this.told.ended(why);
  }

  #close() {
    cancel(this.#retry);
    this.#source?.close();
    this.#source = null;
  }

  #set(connected) {
    if (this.connected === connected) return;
    this.connected = connected;
    this.told.connected(connected);
  }
}

// An EventSource does not tell why it failed; the softphone's address does.
async function loggedOut() {
  try {
    return (await fetch("/agent/softphone", { signal: AbortSignal.timeout(5000) })).status === 401;
  } catch {
    return false;
  }
}

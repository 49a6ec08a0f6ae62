// A calm ring tone: two soft notes, then a rest, played as one loop so that no timer of a hidden tab can slow it.

import { loudness } from "./loudness.js";

const LOOP_SECONDS = 3.2;
const RING = [[523.25, 0], [659.25, 0.32], [523.25, 0.9], [659.25, 1.22]];
const REMINDER = [[440, 0], [523.25, 0.25]];
const TEST = [[392, 0], [523.25, 0.35], [659.25, 0.7]];
const LOUDEST = 0.6;
const REMINDER_LOUDNESS = 0.15; // into the ear of somebody who talks

export class RingTone {
  #context = new AudioContext();
  #gain = this.#context.createGain();
  #source = null;
  #ring = null;

  constructor(changed) {
    this.#gain.connect(this.#context.destination);
    this.#context.addEventListener("statechange", changed);
    document.addEventListener("visibilitychange", () => this.adjust());
    const unlock = () => this.unlock();
    for (const name of ["pointerdown", "keydown"]) addEventListener(name, unlock, { capture: true });
    this.unlock();
  }

  get audible() {
    return this.#context.state === "running";
  }

  get ringing() {
    return this.#source !== null;
  }

  // Browsers allow sound only after the first click or key.
  unlock() {
    if (!this.audible) this.#context.resume().catch(() => {});
  }

  // To what is set now, also while it rings.
  adjust() {
    this.#gain.gain.value = loudness() * LOUDEST;
    document.body.dataset.loudness = String(loudness());
  }

  start() {
    if (this.#source) return;
    this.unlock();
    this.adjust();
    this.#ring ??= notes(this.#context, RING, LOOP_SECONDS);
    this.#source = this.#play(this.#ring, this.#gain);
    this.#source.loop = true;
  }

  stop() {
    this.#source?.stop();
    this.#source = null;
  }

  // The ring once, as loud as it is set.
  sample() {
    this.unlock();
    this.adjust();
    this.#play(notes(this.#context, RING, LOOP_SECONDS), this.#gain);
  }

  // Two soft notes, once.
  remind() {
    this.#once(REMINDER, REMINDER_LOUDNESS);
  }

  // For trying the loudspeaker, whatever is set for the ring.
  test() {
    this.unlock();
    this.#once(TEST, LOUDEST / 2);
  }

  #once(tune, loud) {
    const gain = this.#context.createGain();
    gain.gain.value = loud;
    gain.connect(this.#context.destination);
    this.#play(notes(this.#context, tune, 2), gain);
  }

  #play(buffer, into) {
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.connect(into);
    source.start();
    return source;
  }
}

// [pitch in Hz, begin in seconds]: each note swells for a moment and dies away
function notes(context, tune, seconds) {
  const rate = context.sampleRate;
  const buffer = context.createBuffer(1, Math.round(seconds * rate), rate);
  const samples = buffer.getChannelData(0);
  for (const [pitch, begin] of tune) {
    const first = Math.round(begin * rate);
    const count = Math.min(Math.round(0.9 * rate), samples.length - first);
    for (let i = 0; i < count; i += 1) {
      const t = i / rate;
      samples[first + i] += Math.min(1, t / 0.02) * Math.exp(-4.5 * t) * Math.sin(2 * Math.PI * pitch * t);
    }
  }
  return buffer;
}

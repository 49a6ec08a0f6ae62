// A calm ring tone: two soft notes, then a rest, played as one loop so that no timer of a hidden tab can slow it.

const LOOP_SECONDS = 3.2;
const NOTES = [[523.25, 0], [659.25, 0.32], [523.25, 0.9], [659.25, 1.22]];

export class RingTone {
  #context = new AudioContext();
  #source = null;
  #buffer = null;

  constructor(changed) {
    this.#context.addEventListener("statechange", changed);
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

  start() {
    if (this.#source) return;
    this.unlock();
    this.#buffer ??= loop(this.#context);
    this.#source = this.#context.createBufferSource();
    this.#source.buffer = this.#buffer;
    this.#source.loop = true;
    this.#source.connect(this.#context.destination);
    this.#source.start();
  }

  stop() {
    this.#source?.stop();
    this.#source = null;
  }
}

function loop(context) {
  const rate = context.sampleRate;
  const buffer = context.createBuffer(1, Math.round(LOOP_SECONDS * rate), rate);
  const samples = buffer.getChannelData(0);
  for (const [pitch, begin] of NOTES) {
    const first = Math.round(begin * rate);
    const count = Math.min(Math.round(0.9 * rate), samples.length - first);
    for (let i = 0; i < count; i += 1) {
      const t = i / rate;
      const loudness = 0.22 * Math.min(1, t / 0.02) * Math.exp(-4.5 * t);
      samples[first + i] += loudness * Math.sin(2 * Math.PI * pitch * t);
    }
  }
  return buffer;
}

// Timers that keep their time in a tab nobody has looked at for an hour: a worker counts beside the page's own timer,
// and whichever is first counts.

const waiting = new Map();
let last = 0;
let worker = null;

try {
  worker = new Worker("/static/ticks.js");
  worker.onmessage = ({ data }) => fire(data);
} catch {
  worker = null; // then only the page's own timers count
}

function fire(id) {
  const entry = waiting.get(id);
  if (!entry) return;
  cancel(id);
  entry.act();
}

// Returns what `cancel` takes.
export function after(milliseconds, act) {
  const id = ++last;
  waiting.set(id, { act, timer: setTimeout(fire, milliseconds, id) });
  worker?.postMessage({ id, wait: milliseconds });
  return id;
}

export function cancel(id) {
  clearTimeout(waiting.get(id)?.timer);
  waiting.delete(id);
}

export function every(milliseconds, act) {
  after(milliseconds, () => {
    every(milliseconds, act);
    act();
  });
}

export const rest = (milliseconds) => new Promise((done) => after(milliseconds, done));

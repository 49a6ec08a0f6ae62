// The choice how loud it rings, kept in this browser; and what is seen of a ring that is not to be heard.

import { byId, setText, show } from "./dom.js";
import { loudness, quiet, setQuiet, setVolume, volume } from "./loudness.js";

const TODAY = { soft: "heute leise", off: "heute ohne Ton" };

export function listenForSound(tone) {
  byId("volume").value = String(volume());
  byId("volume").addEventListener("input", () => {
    setVolume(Number(byId("volume").value));
    changed(tone);
  });
  byId("quiet").addEventListener("change", () => {
    setQuiet(byId("quiet").value);
    changed(tone);
  });
  byId("ring-sample").addEventListener("click", () => tone.sample());
  changed(tone);
}

function changed(tone) {
  tone.adjust();
  renderSound(tone);
}

export function renderSound(tone) {
  const how = quiet();
  if (document.activeElement !== byId("quiet")) byId("quiet").value = how;
  setText(byId("sound-now"), TODAY[how] ?? `${volume()} %`);
  byId("volume").setAttribute("aria-valuetext", `${volume()} Prozent`);
  document.body.dataset.ringing = String(tone.ringing);
  show(byId("silent-ring"), tone.ringing && loudness() === 0);
}

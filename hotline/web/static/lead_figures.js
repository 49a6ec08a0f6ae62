// Today's figures: numbers, and two shares with their aims in words and not in colour alone.

import { byId, setAttribute, setText, show } from "./dom.js";
import { partsOf } from "./parts.js";
import { atClock, shortly } from "./times.js";

const NOTHING = "–";
const NAMED = 5;
const percent = new Intl.NumberFormat("de-DE", { style: "percent", maximumFractionDigits: 0 });

export function renderFigures(figures) {
  const old = figures?.fresh === false ? `Die Datenbank antwortet nicht; Stand von ${atClock(figures.at)} Uhr.` : "";
  setText(byId("figures-old"), old);
  show(byId("figures-old"), old !== "");
  const root = byId("figures");
  const unwritten = figures?.unwritten;
  setText(byId("unwritten-who"), whose(unwritten ?? []));
  const numbers = { ...figures, unwritten: unwritten?.length };
  for (const place of root.querySelectorAll("[data-figure]")) number(place, numbers[place.dataset.figure]);
  for (const place of root.querySelectorAll("[data-figure-of]")) part(place, figures?.[place.dataset.figureOf]);
  for (const place of root.querySelectorAll("[data-share]")) share(place, figures?.[place.dataset.share]);
}

function whose(calls) {
  const told = calls.slice(0, NAMED).map(({ agent_name: name, at }) => `${name}, ${shortly(at)}`);
  return [...told, ...(calls.length > NAMED ? ["weitere"] : [])].join("; ");
}

function number(place, value) {
  setText(place, value === undefined ? NOTHING : String(value));
  if ("trouble" in place.dataset) setAttribute(place, "data-trouble", String(value > 0));
}

function part(place, value) {
  setText(place, value > 0 ? place.dataset.words.replace("{}", String(value)) : "");
}

function share(place, told) {
  const parts = partsOf(place);
  const known = told?.share !== null && told !== undefined;
  setText(parts.share, known ? percent.format(down(told.share)) : NOTHING);
  setText(parts.met, known ? `Ziel ${percent.format(told.aim)} ${told.met ? "erreicht" : "nicht erreicht"}` : "");
  setText(parts.parts, known ? `${told.reached} von ${told.counted}` : "noch nichts zu zählen");
  setAttribute(place, "data-met", known ? String(told.met) : "");
}

// 74.9 % must not look like the 75 % that were not reached.
const down = (value) => Math.floor(value * 100 + 1e-9) / 100;

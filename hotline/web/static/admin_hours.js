// Closing for an afternoon with two presses; what it comes to stands below in words.

import { byId, setAttribute, setText } from "./dom.js";

const NOON = "12:00";
const MIDNIGHT = "00:00";
const LATEST = "23:59";
const DAY_MS = 86_400_000;
const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const words = new Intl.DateTimeFormat("de-DE", { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const yearlyWords = new Intl.DateTimeFormat("de-DE", { day: "numeric", month: "long", timeZone: "UTC" });

const form = byId("closure-form");
const ends = JSON.parse(form.dataset.ends);
const { from, to, start, end, every_year: yearly } = form.elements;
const parts = [...form.querySelectorAll("[data-part-of-day]")];

const day = (field) => (field.value ? new Date(`${field.value}T00:00:00Z`) : null);

// When the last of the chosen days ends; a week has them all.
function closing() {
  if (!day(from)) return LATEST;
  const span = (day(to) ?? day(from)) - day(from);
  const count = Math.min(7, Math.max(0, span / DAY_MS) + 1);
  const hours = Array.from({ length: count }, (_, number) => ends[WEEKDAYS[(day(from).getUTCDay() + number) % 7]]);
  return hours.reduce((latest, one) => (one > latest ? one : latest), "") || LATEST;
}

const SPANS = {
  whole: () => ["", ""],
  morning: () => [MIDNIGHT, NOON],
  afternoon: () => [NOON, closing() > NOON ? closing() : LATEST],
};

for (const button of form.querySelectorAll("[data-day]"))
  button.addEventListener("click", () => {
    const chosen = parts.find((part) => part.getAttribute("aria-pressed") === "true")?.dataset.partOfDay;
    from.value = button.dataset.day;
    to.value = "";
    if (chosen) fill(chosen);
    render();
  });
for (const part of parts)
  part.addEventListener("click", () => {
    fill(part.dataset.partOfDay);
    render();
  });
form.addEventListener("input", render);
render();

function fill(part) {
  [start.value, end.value] = SPANS[part]();
}

function render() {
  for (const part of parts) setAttribute(part, "aria-pressed", String(fits(part.dataset.partOfDay)));
  for (const button of form.querySelectorAll("[data-day]")) setAttribute(button, "aria-pressed", String(button.dataset.day === from.value && !to.value));
  setText(byId("closure-preview"), preview());
}

function fits(part) {
  const [first, last] = SPANS[part]();
  return start.value === first && end.value === last;
}

function preview() {
  if (!day(from) || Boolean(start.value) !== Boolean(end.value)) return "";
  const { format } = yearly.checked ? yearlyWords : words;
  const several = Boolean(to.value) && to.value !== from.value;
  const days = `${yearly.checked ? "jedes Jahr am " : ""}${format(day(from))}${several ? ` bis ${format(day(to))}` : ""}`;
  const hours = start.value ? `, ${several ? "jeweils " : ""}${start.value} bis ${end.value} Uhr` : ", ganztägig";
  return `Geschlossen: ${days}${hours}.`;
}

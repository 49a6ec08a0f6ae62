// Business time as the service tells it, in words. Between two messages the page counts on by a clock that nobody can
// set: a computer whose time is put right must not make a talk an hour longer.

const zone = document.body.dataset.zone;
const clock = new Intl.DateTimeFormat("de-DE", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("de-DE", { timeZone: zone, weekday: "long", day: "numeric", month: "long" });
const shortDay = new Intl.DateTimeFormat("de-DE", { timeZone: zone, day: "2-digit", month: "2-digit", year: "numeric" });

let zero = Date.now() - performance.now(); // business time when performance.now() was 0

export function setNow(iso) {
  const told = Date.parse(iso);
  if (!Number.isNaN(told)) zero = told - performance.now();
}

export const now = () => zero + performance.now();
export const secondsSince = (iso) => Math.max(0, (now() - Date.parse(iso)) / 1000);
export const secondsUntil = (iso) => (Date.parse(iso) - now()) / 1000;

export const atClock = (iso) => formatted(clock, iso);
export const onDay = (iso) => formatted(day, iso);
export const onShortDay = (iso) => formatted(shortDay, iso);
export const dayAndClock = (iso) => (isMoment(iso) ? `${onDay(iso)}, ${atClock(iso)} Uhr` : String(iso));

// "09:35 Uhr" today, "20.11.2026, 17:40 Uhr" on another day
export const shortly = (iso) => {
  const today = onShortDay(new Date(now()).toISOString()) === onShortDay(iso);
  return `${today ? "" : `${onShortDay(iso)}, `}${atClock(iso)} Uhr`;
};

// What is told in words already stays as it is; Date.parse would guess.
const isMoment = (text) => /^\d{4}-\d\d-\d\dT/.test(text ?? "");

function formatted(format, iso) {
  return isMoment(iso) ? format.format(Date.parse(iso)) : String(iso ?? "");
}

// 75 → "1:15"
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

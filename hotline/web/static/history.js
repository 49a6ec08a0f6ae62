// Earlier calls and promises, after the identity tick. A number that several people share is nothing unusual: then
// everything stands under the name it belongs to.

import { byId, build, fillList } from "./dom.js";
import { atClock, onShortDay } from "./times.js";

const PROMISES = { open: "offen", kept: "erledigt", overdue: "überfällig" };
const NOBODY = "Ohne Namen";

export function renderHistory(history, requestTypes) {
  const types = Object.fromEntries(requestTypes.map(({ key, label }) => [key, label]));
  fillList(byId("history"), history ? byPerson(history) : [], (group) => section(group, types));
}

// [{name, promises, calls}]; name is "" when there is only one person, or nobody whose name is known
function byPerson({ calls, promises }) {
  const names = [...new Set([...promises.map(({ person }) => person), ...calls.flatMap(({ people }) => people ?? [])])].filter(Boolean);
  if (names.length < 2) return [{ name: "", promises, calls }];
  const groups = names.map((name) => ({
    name,
    promises: promises.filter(({ person }) => person === name),
    calls: calls.filter(({ people }) => people?.includes(name)),
  }));
  const rest = { name: NOBODY, promises: promises.filter(({ person }) => !person), calls: calls.filter(({ people }) => !people?.length) };
  return rest.promises.length || rest.calls.length ? [...groups, rest] : groups;
}

function section({ name, promises, calls }, types) {
  const named = name ? [build("h4", { class: "person" }, name)] : [];
  const heading = name ? "h5" : "h4";
  return build(
    "section",
    { class: "person-history", "data-person": name },
    ...named,
    build(heading, {}, "Zusagen"),
    list(promises, (promise) => [`${types[promise.type] ?? promise.type}: ${promise.standing ?? PROMISES[promise.status] ?? promise.status}`, `${promise.receipt}, bis ${onShortDay(promise.due)}`]),
    build(heading, {}, "Frühere Gespräche"),
    list(calls, (earlier) => [
      `${onShortDay(earlier.at)}, ${atClock(earlier.at)} Uhr: ${types[earlier.type] ?? (earlier.type || "unklar")}`,
      [outcomeLabel(earlier.outcome), earlier.note].filter(Boolean).join(": "),
      earlier.threat,
    ]),
  );
}

function list(items, text) {
  if (!items.length) return build("p", { class: "small" }, "Keine.");
  return build("ul", { class: "entries" }, ...items.map((item) => entry(...text(item))));
}

function entry(head, rest, threat) {
  const mark = threat ? [" ", build("span", { class: "tag danger" }, "Bedrohung gemeldet")] : [];
  return build("li", {}, build("strong", {}, head), ...mark, build("br"), rest);
}

export function outcomeLabel(outcome) {
  const radio = outcome && document.querySelector(`input[name="outcome"][value="${CSS.escape(outcome)}"]`);
  return radio ? radio.parentElement.textContent.trim() : outcome ?? "";
}

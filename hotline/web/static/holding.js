// How long the caller has been waiting on hold, or while somebody is consulted: shown, and after a minute reminded of.

import { byId, setText, show } from "./dom.js";
import { transferring } from "./situation.js";
import { duration } from "./times.js";

const LONG_SECONDS = 60;
const HELD = "Der Anrufer wird gehalten und hört Musik.";
const WAITS = "Der Anrufer wartet und hört Musik.";
const LONG = "Der Anrufer wartet schon länger als eine Minute. Bitte melden Sie sich kurz bei ihm.";
let since = null;
let reminded = false;

// remind() is a soft sound.
export function renderHolding(call, local, remind) {
  const waits = local.held || (transferring(call) && !call.caller_gone);
  show(byId("hold-line"), waits);
  if (!waits) {
    since = null;
    reminded = false;
    return setText(byId("hold-text"), "");
  }
  since ??= performance.now();
  const seconds = (performance.now() - since) / 1000;
  const long = seconds >= LONG_SECONDS;
  byId("hold-line").classList.toggle("long", long);
  if (long && !reminded) remind();
  reminded = reminded || long;
  setText(byId("hold-clock"), duration(seconds));
  return setText(byId("hold-text"), long ? LONG : local.held ? HELD : WAITS);
}

"""A stand-in for JsSIP in the browser, with the same calls and events, steered by the test through `window.fakeUa`."""

from playwright.sync_api import BrowserContext, Page

SCRIPT = """
class Emitter {
  constructor() { this.heard = {}; }
  on(name, act) { (this.heard[name] ??= []).push(act); }
  emit(name, data) { for (const act of this.heard[name] ?? []) act(data ?? {}); }
}
class Session extends Emitter {
  constructor() {
    super();
    Object.assign(this, { log: [], up: false, quiet: false, onHold: false, connection: null });
  }
  isEstablished() { return this.up; }
  answer(options) {
    this.log.push("answer");
    setTimeout(() => { this.up = true; this.emit("accepted"); this.emit("confirmed"); });
  }
  terminate(options) { this.log.push("terminate " + (options?.status_code ?? "")); this.finish(); }
  finish() {
    const was = this.up;
    this.up = false;
    fakeUa.session = null;
    this.emit(was ? "ended" : "failed");
  }
  mute() { this.quiet = true; this.emit("muted"); }
  unmute() { this.quiet = false; this.emit("unmuted"); }
  isMuted() { return { audio: this.quiet, video: false }; }
  hold() { this.onHold = true; this.emit("hold"); return true; }
  unhold() { this.onHold = false; this.emit("unhold"); return true; }
  sendDTMF(key, { transportType }) { this.log.push(`key ${key} ${transportType}`); }
  isOnHold() { return { local: this.onHold, remote: false }; }
}
class UA extends Emitter {
  constructor() { super(); this.session = null; window.fakeUa = this; }
  start() { this.started = true; setTimeout(() => this.emit("registered")); }
  register() { this.registers = (this.registers ?? 0) + 1; }
  stop() { this.started = false; if (window.fakeUa === this) window.fakeUa = null; }
  ring() {
    const session = new Session();
    this.session ??= session;
    this.emit("newRTCSession", { originator: "remote", session });
    return session;
  }
}
window.JsSIP = { UA, WebSocketInterface: class { constructor(url) { this.url = url; } } };
"""


def use_fake_softphone(page: Page | BrowserContext) -> None:
    """Serve the stand-in in place of the bundle; the page's own policy stays in force."""
    page.route("**/static/vendor/jssip.js", lambda route: route.fulfill(body=SCRIPT, content_type="text/javascript"))

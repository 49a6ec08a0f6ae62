// The telephone in the page: registers with JsSIP, keeps an incoming call silent, and does what the buttons say.

import { after } from "./timers.js";

export const MEDIA = { audio: true, video: false };
const REGISTER_SECONDS = 60;
const REFRESH_MS = 40000; // before JsSIP's own timer, which a hidden page's may be late, and before it runs out
const STUCK_MS = 20000; // JsSIP tries again every few seconds
const RETRY_MS = 2000;
const RENEW_MS = 3000; // the page may have the new password a moment before Asterisk has it
const REFUSALS = [401, 403, 407];
const TONE_MS = { duration: 160, interToneGap: 70 };

export class Phone {
  #ua = null;
  #session = null;
  #retired = false;
  #starting = false;
  #password = "";
  #since = performance.now(); // of the status, or of the last time we asked to be registered

  constructor(audio, changed) {
    this.audio = audio;
    this.changed = changed;
    this.status = "off"; // off | connecting | registered | failed
    this.problem = "";
  }

  get incoming() {
    return Boolean(this.#session) && !this.#session.answering && !this.#session.isEstablished();
  }

  get answering() {
    return Boolean(this.#session?.answering) && !this.#session.isEstablished();
  }

  get talking() {
    return Boolean(this.#session?.isEstablished());
  }

  get busy() {
    return this.#session !== null;
  }

  // What the tab has of a call; another call is another leg.
  get leg() {
    return this.#session;
  }

  get muted() {
    return this.talking && this.#session.isMuted().audio;
  }

  get held() {
    return this.talking && this.#session.isOnHold().local;
  }

  async start(fetchAccount) {
    this.#retired = false;
    if (this.#ua || this.#starting) return;
    this.#starting = true;
    this.#set("connecting");
    const problem = await microphoneProblem();
    try {
      if (problem) this.#set("failed", problem);
      else this.#register(await fetchAccount(), fetchAccount);
    } catch (error) {
      this.#tryAgain(error, fetchAccount);
    }
    this.#starting = false;
  }

  // The connection is dead although nobody has told us: register anew.
  restart(fetchAccount) {
    if (this.#session || this.#retired || !this.#ua) return;
    this.#ua.stop();
    this.#ua = null;
    this.start(fetchAccount);
  }

  // Called whenever the service is heard, as no timer of a hidden page is: stays registered, and comes back.
  keepUp(fetchAccount) {
    const waited = performance.now() - this.#since;
    if (this.status === "registered" && waited >= REFRESH_MS) {
      this.#since = performance.now();
      this.#ua?.register();
    } else if (this.status === "connecting" && waited >= STUCK_MS) {
      this.#since = performance.now();
      this.restart(fetchAccount);
    }
  }

  // Give the telephone to another tab; a call that is going on is finished first.
  stop() {
    this.#retired = true;
    if (this.#session) return;
    this.#ua?.stop();
    this.#ua = null;
    this.#set("off");
  }

  answer() {
    if (!this.incoming) return;
    this.#session.answering = true;
    this.#session.answer({ mediaConstraints: MEDIA, pcConfig: { iceServers: [] } });
    this.changed();
  }

  // Whether there was a leg in this tab to hang up.
  hangUp() {
    if (!this.#session) return false;
    try {
      this.#session.terminate();
    } catch {
      return false; // it is ending already
    }
    return true;
  }

  // A key of the keypad for the other side; false when there is no talk.
  press(key) {
    if (!this.talking) return false;
    this.#session.sendDTMF(key, { transportType: "RFC2833", ...TONE_MS });
    return true;
  }

  toggleMute() {
    if (!this.talking) return;
    if (this.muted) this.#session.unmute({ audio: true });
    else this.#session.mute({ audio: true });
    this.changed();
  }

  toggleHold() {
    if (!this.talking) return;
    if (this.held) this.#session.unhold({}, this.changed);
    else this.#session.hold({}, this.changed);
    this.changed();
  }

  // A service that is away comes back: no reason to wait for a click.
  #tryAgain(error, fetchAccount) {
    const soon = error.status === 0 || error.status >= 500;
    this.#set(soon ? "connecting" : "failed", error.message);
    if (soon) after(RETRY_MS, () => this.#retired || this.start(fetchAccount));
  }

  #register(account, fetchAccount) {
    if (!account || this.#retired) return this.#set("off");
    if (!window.JsSIP) return this.#set("failed", "Das Telefonprogramm fehlt auf dem Server.");
    const ua = new window.JsSIP.UA({
      sockets: [new window.JsSIP.WebSocketInterface(account.websocket)],
      uri: account.uri,
      authorization_user: account.user,
      password: account.password,
      register_expires: REGISTER_SECONDS,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 5,
    });
    this.#ua = ua;
    this.#password = account.password;
    const set = (status, problem) => this.#ua === ua && this.#set(status, problem);
    ua.on("registered", () => set("registered"));
    ua.on("unregistered", () => set("connecting"));
    ua.on("disconnected", () => set("connecting", "Keine Verbindung zur Telefonanlage."));
    ua.on("registrationFailed", (failure) => {
      set("connecting", "Die Telefonanlage hat die Anmeldung abgelehnt.");
      if (REFUSALS.includes(failure?.response?.status_code)) this.#renew(ua, fetchAccount);
    });
    ua.on("newRTCSession", ({ originator, session }) => originator === "remote" && this.#take(session));
    ua.start();
    return undefined;
  }

  // Asterisk's passwords change each night: register with the one of today. A call that is going on does not notice.
  async #renew(ua, fetchAccount) {
    const account = await fetchAccount().catch(() => null);
    const again = () => this.#ua === ua && (account ? ua.register() : this.#renew(ua, fetchAccount));
    if (this.#ua !== ua) return;
    const fresh = account && account.password !== this.#password;
    if (fresh) {
      this.#password = account.password;
      ua.set("password", account.password);
      again();
    } else after(RENEW_MS, again);
  }

  #take(session) {
    if (this.#session || this.#retired) {
      session.terminate({ status_code: 486 });
      return;
    }
    this.#session = session;
    session.on("peerconnection", ({ peerconnection }) => this.#listen(peerconnection));
    if (session.connection) this.#listen(session.connection);
    for (const name of ["accepted", "confirmed", "muted", "unmuted", "hold", "unhold"]) session.on(name, this.changed);
    session.on("getusermediafailed", () => this.#set(this.status, "Das Mikrofon ist nicht freigegeben oder nicht angeschlossen."));
    for (const name of ["ended", "failed"]) session.on(name, () => this.#over(session));
    this.changed();
  }

  #listen(connection) {
    connection.addEventListener("track", ({ track, streams }) => {
      this.audio.srcObject = streams[0] ?? new MediaStream([track]);
      this.audio.play().catch(() => {}); // allowed since the agent has pressed "answer"
    });
  }

  #over(session) {
    if (this.#session !== session) return;
    this.#session = null;
    this.audio.srcObject = null;
    if (this.#retired) this.stop();
    this.changed();
  }

  #set(status, problem = "") {
    if (this.status !== status) this.#since = performance.now();
    this.status = status;
    this.problem = problem;
    this.changed();
  }
}

// Asked for before registering, so that nobody is rung who could not speak.
async function microphoneProblem() {
  if (!navigator.mediaDevices) return "Das Mikrofon geht nur über https oder auf diesem Rechner selbst.";
  try {
    const stream = await navigator.mediaDevices.getUserMedia(MEDIA);
    for (const track of stream.getTracks()) track.stop();
    return "";
  } catch (error) {
    return error.name === "NotAllowedError"
      ? "Bitte erlauben Sie dieser Seite das Mikrofon."
      : "Es ist kein Mikrofon angeschlossen.";
  }
}

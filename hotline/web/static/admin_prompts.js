// How the texts sound: listening to one, an own recording by file or telephone, and back to the voice.
// None of it touches what is being typed.

import { post, upload } from "./admin_api.js";
import { byId, setDisabled, setText, show } from "./dom.js";

const MOST_BYTES = 5 * 1024 * 1024;
const TOO_LARGE = "Die Datei ist zu groß: Erlaubt sind 5 Megabyte.";
const NOT_PLAYED = "Das lässt sich gerade nicht anhören. Bitte laden Sie die Seite neu.";
const dialog = byId("prompt-dialog");
const sound = new Audio();
let playing = null; // the button whose prompt sounds
let open = null; // the place in the page that the dialog is about

for (const place of document.querySelectorAll("[data-heard]")) {
  place.querySelector("[data-play]").addEventListener("click", (event) => play(place, event.currentTarget));
  place.querySelector("[data-record]").addEventListener("click", () => ask(place));
}
for (const event of ["ended", "error"]) sound.addEventListener(event, stop);
byId("prompt-upload").addEventListener("click", send);
byId("prompt-remove").addEventListener("click", () => change("/remove", () => {
  heardAs(false);
  done("Zu hören ist wieder die Computerstimme.");
}));
byId("prompt-telephone").addEventListener("click", () => change("/telephone", tellHow));
dialog.addEventListener("close", () => { open = null; });

const address = (place) => `/admin/prompts/${place.dataset.heard}`;

function stop() {
  sound.pause();
  playing?.removeAttribute("data-playing");
  playing = null;
}

async function play(place, button) {
  const again = playing === button;
  stop();
  if (again) return;
  playing = button;
  button.setAttribute("data-playing", "");
  sound.src = `${address(place)}.wav?at=${Date.now()}`; // it may have been recorded anew
  try {
    await sound.play();
  } catch (error) {
    if (error.name === "AbortError") return; // another one was pressed
    stop();
    setText(byId("refusal"), NOT_PLAYED);
    show(byId("refusal"), true);
  }
}

function ask(place) {
  open = place;
  setText(byId("prompt-what"), place.dataset.what);
  setText(byId("prompt-text"), place.closest(".field").querySelector("[data-text]").value);
  byId("prompt-file").value = "";
  for (const id of ["prompt-refusal", "prompt-done", "prompt-dial"]) show(byId(id), false);
  show(byId("prompt-remove"), !place.querySelector("[data-recorded]").hidden);
  dialog.showModal();
}

function heardAs(recorded) {
  show(open.querySelector("[data-recorded]"), recorded);
  show(open.querySelector("[data-outdated]"), false);
  setText(open.querySelector("[data-play]"), "▶ Anhören"); // how long it lasts now is not known here
  show(byId("prompt-remove"), recorded);
}

function done(words) {
  setText(byId("prompt-done"), words);
  show(byId("prompt-done"), true);
}

function refuse(words) {
  setText(byId("prompt-refusal"), words);
  show(byId("prompt-refusal"), words !== "");
}

async function send() {
  const file = byId("prompt-file").files[0];
  if (!file) return refuse("Bitte wählen Sie eine WAV-Datei aus.");
  if (file.size > MOST_BYTES) return refuse(TOO_LARGE);
  await act(() => upload(address(open), file), () => {
    heardAs(true);
    done("Diese Aufnahme ist ab sofort zu hören.");
  });
}

const change = (what, then) => act(() => post(address(open) + what, {}), then);

async function act(asking, then) {
  const about = open;
  refuse("");
  show(byId("prompt-done"), false);
  const buttons = dialog.querySelectorAll("button[type=button]");
  for (const button of buttons) setDisabled(button, true);
  try {
    const answer = await asking();
    if (open === about) then(answer);
  } catch (error) {
    if (open === about) refuse(error.message);
  } finally {
    for (const button of buttons) setDisabled(button, false);
  }
}

function tellHow({ dial, pin, minutes }) {
  const place = byId("prompt-dial");
  setText(place, `Wählen Sie am Telefon eines Arbeitsplatzes ${dial} und geben Sie dann ${pin.slice(0, 3)} ${pin.slice(3)} ein. Die Ziffern gelten ${minutes} Minuten und nur ein Mal. Laden Sie die Seite danach neu.`);
  show(place, true);
}

// Hands the caller on: to whom, with a question first or at once, and what can be done meanwhile.

import { api } from "./api.js";
import { byId, build, keepList, setDisabled, setText, show } from "./dom.js";
import { typedValues } from "./form.js";
import { transferring } from "./situation.js";

const dialog = byId("transfer-dialog");
const form = byId("transfer-form");
let call = null;
let began = "";
let busy = false; // rather than disabled buttons: those would lose the focus

export function renderTransfer(targets, shown) {
  const focused = document.activeElement;
  call = shown;
  const on = transferring(call);
  const possible = call?.phase === "talking" && !call.disposed && !on && Boolean(targets);
  show(byId("transfer-open"), possible);
  const consulting = on && call.transfer.how === "consult" && !call.caller_gone;
  show(byId("transfer-complete"), consulting && call.transfer.state === "talking");
  show(byId("transfer-back"), consulting);
  if (!possible && dialog.open) dialog.close();
  if (call && call.call_id !== began) reset();
  if (targets) renderTargets(targets);
  if (focused?.id.startsWith("transfer-") && focused.hidden) keepFocus();
}

// The button that was pressed is gone: go on where it is said what happens.
function keepFocus() {
  if (!byId("situation").hidden) byId("situation-text").focus();
  else if (!byId("transfer-open").hidden) byId("transfer-open").focus();
}

function reset() {
  began = call.call_id;
  form.reset();
  showProblem("");
}

function renderTargets({ agents, case_workers: workers, numbers }) {
  keepList(byId("transfer-agents"), agents, ({ name }) => name, ({ name }) => target("agent", name), (element, agent) => {
    setDisabled(element.querySelector("input"), !agent.available);
    fill(element, agent.full_name, agent.available ? "bereit" : agent.cause || "nicht bereit");
    if (!agent.available) element.querySelector("input").checked = false;
  });
  keepList(byId("transfer-workers"), workers, ({ key }) => key, ({ key }) => target("case_worker", key), (element, worker) =>
    fill(element, worker.name, worker.phone));
  show(byId("transfer-agents-none"), agents.length === 0);
  show(byId("transfer-workers-part"), workers.length > 0);
  show(byId("transfer-number-part"), Boolean(numbers));
}

function target(kind, value) {
  const radio = build("input", { type: "radio", name: "target", value: `${kind}:${value}`, "aria-describedby": "transfer-problem" });
  return build("label", { class: "choice" }, radio, build("span", {}), build("small", {}));
}

function fill(element, name, detail) {
  setText(element.querySelector("span"), name);
  setText(element.querySelector("small"), detail);
}

// release() lets a caller who is held come back to the talk; refused(error) shows what did not work.
export function listenForTransfers({ release, refused }) {
  byId("transfer-open").addEventListener("click", open);
  byId("transfer-cancel").addEventListener("click", () => dialog.close());
  byId("transfer-number").addEventListener("input", () => {
    byId("transfer-to-number").checked = true;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    handOn(event.submitter?.value ?? "consult", release);
  });
  byId("transfer-complete").addEventListener("click", () => act(api.completeTransfer, refused));
  byId("transfer-back").addEventListener("click", () => act(api.takeBack, refused));
}

function open() {
  if (dialog.open) return;
  showProblem("");
  dialog.showModal();
  const enabled = [...form.querySelectorAll("[name=target]:enabled")].filter((radio) => radio.closest("[hidden]") === null);
  (enabled.find((radio) => radio.checked) ?? enabled[0] ?? byId("transfer-cancel")).focus();
}

async function handOn(how, release) {
  const [[kind, value], id] = [chosen(), call.call_id];
  if (!kind) return showProblem("Bitte wählen Sie, mit wem der Anrufer verbunden werden soll.");
  const wish = { how, kind, value, note: form.elements.note.value.trim(), values: typedValues() };
  if (busy) return undefined;
  busy = true;
  try {
    release();
    await api.transfer(id, wish);
    dialog.close();
    form.reset();
  } catch (error) {
    showProblem(error.message);
  } finally {
    busy = false;
  }
  return undefined;
}

function chosen() {
  const [kind, ...rest] = (form.querySelector("[name=target]:checked")?.value ?? "").split(":");
  return [kind, kind === "number" ? byId("transfer-number").value.trim() : rest.join(":")];
}

async function act(send, refused) {
  if (busy) return;
  busy = true;
  await send(call.call_id).catch(refused);
  busy = false;
}

function showProblem(text) {
  setText(byId("transfer-problem"), text);
  show(byId("transfer-problem"), text !== "");
}

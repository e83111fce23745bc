// One review with its sentences. All state is Python's: this shows it, and sends back what was pressed.
// A review is somebody else's text. It gets onto the page as `textContent` and in no other way.

const GRADES = ["safe", "minor", "major"];
const BUTTONS = { previous: "Previous (p)", next: "Done, next (n)", skip: "Skip (s)", undo: "Undo (u)", ask: "Model (m)" };
const HELP = "↑ ↓ or k j: move · 0 safe · 1 minor · 2 major spoiler · what has no label is safe when done";
const DOWN = { action: "move", by: 1 };
const UP = { action: "move", by: -1 };
const KEYS = {
  ArrowDown: DOWN, j: DOWN, ArrowUp: UP, k: UP,
  0: { action: "label", grade: 0 }, 1: { action: "label", grade: 1 }, 2: { action: "label", grade: 2 },
  p: { action: "previous" }, n: { action: "next" }, s: { action: "skip" }, u: { action: "undo" }, m: { action: "ask" },
};

function node(tag, attributes, text = "") {
  const made = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  made.textContent = text;
  return made;
}

function button(text, attributes, press) {
  const made = node("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", (event) => { event.stopPropagation(); press(); });
  return made;
}

function row(view, place, send) {
  const label = view.labels[place];
  const made = node("li", { class: view.opens_paragraph[place] ? "paragraph" : "", "data-grade": label ?? "" });
  if (place === view.sentence) made.setAttribute("aria-current", "true");
  made.addEventListener("click", () => send({ action: "select", sentence: place }));
  const grades = node("span", { class: "grades" });
  grades.append(...GRADES.map((name, grade) => button(name, { "aria-pressed": label === grade, tabindex: -1 },
    () => send({ action: "label", grade, sentence: place }))));
  made.append(grades, node("span", { class: "text", dir: "auto" }, view.sentences[place]));
  const opinion = view.opinion?.[place];
  if (opinion) made.append(node("span", { class: opinion.spoiler ? "opinion spoiler" : "opinion" }, opinion.text));
  return made;
}

function render({ model, el }) {
  const root = node("div", {
    class: "spoilerguard-labeler", tabindex: 0, role: "group", "aria-label": "Label the sentences of a review",
    "data-lm-suppress-shortcuts": "true", // else JupyterLab takes the keys for commands on cells
  });
  const send = (message) => {
    root.focus({ preventScroll: true });
    model.send({ ...message, review: model.get("view").review });
  };
  const status = node("div", { role: "status" });
  const bar = node("progress", { "aria-label": "reviews labelled" });
  const work = node("cite", { dir: "auto" });
  const list = node("ol", {});
  const problem = node("div", { role: "alert" });
  const buttons = Object.entries(BUTTONS).map(([action, text]) => button(text, { "data-action": action }, () => send({ action })));
  const foot = node("div", { class: "foot" });
  foot.append(...buttons, node("small", {}, HELP));
  root.append(status, bar, work, list, problem, foot);

  function draw() {
    const view = model.get("view");
    const done = view.n_done === view.n_reviews ? "all labelled" : `${view.n_done} labelled`;
    status.textContent = `Review ${view.review + 1} of ${view.n_reviews}${view.done ? " ✓" : ""} · ${done}`;
    [bar.max, bar.value] = [view.n_reviews, view.n_done];
    work.textContent = view.work;
    problem.textContent = view.message;
    list.replaceChildren(...view.sentences.map((_, place) => row(view, place, send)));
    root.querySelector("[data-action=undo]").disabled = !view.can_undo;
    root.querySelector("[data-action=ask]").setAttribute("aria-pressed", view.opinion !== null);
    if (root.matches(":focus-within")) list.querySelector("[aria-current]").scrollIntoView({ block: "nearest" });
  }

  root.addEventListener("keydown", (event) => {
    const message = KEYS[event.key] ?? KEYS[event.key.toLowerCase()];
    if (!message || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat || message.action === "move") send(message); // a key held down labels no second review
  });
  model.on("change:view", draw);
  draw();
  el.append(root);
  return () => model.off("change:view", draw);
}

export default { render };

// Sentences on a page: text that may hold a user's words, set as text, with a fold and a meter. Data comes from spexviz/ui/sentences.py.
const STEPS = 5;
export default function ({ parentElement, data }) {
  let box = parentElement.querySelector(".note");
  if (!box) { box = document.createElement("div"); parentElement.append(box); }
  const version = JSON.stringify(data);
  if (box.dataset.version === version) return;
  box.dataset.version = version;
  const hasMeter = typeof data.level === "number";
  box.className = `note ${data.kind}${hasMeter ? " metered" : ""}`;
  if (data.kind === "strip") box.setAttribute("role", "note"); else box.removeAttribute("role");
  if (data.edge) box.style.setProperty("--edge", data.edge);
  const tell = termsIn(box, data.terms);
  const said = data.lines.map((line, i) => (data.heading && i === 0 ? set(`h${data.heading}`, line) : set("p", line, tell)));
  if (hasMeter) said.unshift(meter(data.level));
  if (data.more.length) said.push(fold(data, tell));
  box.replaceChildren(...said);
}
// `tell`: what explains the words of the field in it; a title or a button explains none.
function set(tag, text, tell = (made, whole) => (made.textContent = whole)) {
  const made = element(tag);
  tell(made, text.replace(/(\d) %/g, "$1\u00a0%")); // a number and its sign stay on one line
  return made;
}
function meter(level) {
  const made = document.createElement("span");
  made.className = "meter";
  made.setAttribute("role", "img");
  const lit = Math.max(level > 0 ? 1 : 0, Math.round(STEPS * level));
  made.setAttribute("aria-label", `${lit} of ${STEPS}`);
  for (let i = 0; i < STEPS; i += 1) {
    const step = document.createElement("i");
    if (i < lit) step.className = "on";
    made.append(step);
  }
  return made;
}
function fold(data, tell) {
  const made = document.createElement("details");
  made.open = data.open;
  made.append(set("summary", data.fold), ...data.more.map((line) => set("p", line, tell)));
  return made;
}

// What the model says with some players switched off. Data comes from spexviz/views/tried.py; user text enters the page through textContent only.
export default component({ update, draw, select() {}, off });

function update(state, data) {
  state.data = data;
}

function draw(parentElement, state, data) {
  const isOpen = Boolean(state.root?.querySelector("details")?.open);
  state.root?.remove();
  const root = element("div", "spexviz-tried");
  for (const [name, colour] of Object.entries(data.colours)) root.style.setProperty(`--sx-${name}`, colour);
  const head = element("div", "head");
  state.sentence = element("p", "sentence");
  state.sentence.setAttribute("role", "status");
  state.undo = element("button", "undo", "Switch all on again");
  state.undo.type = "button";
  state.undo.addEventListener("click", () => state.link.switch([]));
  head.append(state.sentence, state.undo);
  root.append(head);
  Object.assign(state, { root, lines: null });
  const answers = Object.values(data.answers);
  if (answers.length) {
    state.axis = element("p", "axis");
    state.place = element("div", "place");
    root.append(state.place, state.axis, drawMore(data, isOpen, termsIn(root, data.terms)));
    show(state, data.answers[nameOf(data.off)] ?? answers[0]);
  }
  parentElement.append(root);
}

// Another answer of the same rows moves their bars; any other is drawn anew.
function show(state, answer) {
  const shape = [answer.ends.length, ...answer.rows.map((row) => row.kind)].join();
  if (!state.lines || state.shape !== shape) {
    state.lines = answer.rows.map(drawLine);
    state.ends = element("div", "ends");
    state.ends.setAttribute("aria-hidden", "true");
    const box = element("div", answer.ends.length === 3 ? "rows halved" : "rows");
    box.setAttribute("role", "list");
    box.append(...state.lines.map((line) => line.root), state.ends);
    state.place.replaceChildren(box);
    state.shape = shape;
  }
  answer.rows.forEach((row, k) => fill(state.lines[k], row));
  state.ends.replaceChildren(...answer.ends.map((end) => element("span", "", end)));
  state.axis.textContent = answer.axis;
}

function drawLine(row) {
  const root = element("div", `row ${row.kind}`);
  root.setAttribute("role", "listitem");
  const [track, bar] = [element("span", "track"), element("span", "bar")];
  track.setAttribute("aria-hidden", "true");
  track.append(bar);
  const line = { root, bar, label: element("span", "label"), value: element("span", "value"), small: element("span", "small") };
  root.append(line.label, track, line.value, line.small);
  return line;
}

function fill({ bar, label, value, small }, row) {
  label.textContent = row.label;
  value.textContent = row.value;
  small.textContent = row.small;
  bar.hidden = row.to === undefined;
  if (bar.hidden) return;
  bar.style.left = `${100 * row.from}%`;
  bar.style.width = `${100 * (row.to - row.from)}%`;
}

function drawMore(data, isOpen, explain) {
  const fold = element("details");
  fold.open = isOpen;
  fold.append(element("summary", "", "What are these numbers?"), ...data.more.map((line) => explain(element("p"), line)));
  return fold;
}

// An answer that is here is shown at once; what is switched off is told to the server, once.
function off(state, members) {
  const { data, root } = state;
  const isTold = same(members, data.off);
  const answer = data.answers[nameOf(members)];
  const isAnswered = isTold || Boolean(answer);
  root.classList.toggle("asking", !isAnswered);
  state.undo.hidden = members.length === 0;
  if (answer) show(state, answer);
  const asking = members.length && !isAnswered ? `${data.without} ${named(data, members)} …` : "";
  state.sentence.textContent = answer?.said || asking || data.hint;
  state.link.answer(answer?.told || asking);
  if (!isTold && state.told !== members.join()) state.send("off", { members });
  state.told = isTold ? null : members.join();
}

const nameOf = (members) => members.join("-");

function named(data, members) {
  if (members.length > 4) return `${members.length} ${data.noun}s`;
  const all = members.map((i) => `“${data.names[i]}”`);
  return [all.slice(0, -1).join(", "), ...all.slice(-1)].filter(Boolean).join(" and ");
}

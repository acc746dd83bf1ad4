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
  if (data.rows.length) root.append(drawRows(data), element("p", "axis", data.axis), drawMore(data, isOpen));
  parentElement.append(root);
  state.root = root;
}

function drawRows(data) {
  const box = element("div", data.ends.length === 3 ? "rows halved" : "rows");
  box.setAttribute("role", "list");
  for (const row of data.rows) {
    const line = element("div", `row ${row.kind}`);
    line.setAttribute("role", "listitem");
    const track = element("span", "track");
    track.setAttribute("aria-hidden", "true");
    if (row.to !== undefined) {
      const bar = element("span", "bar");
      bar.style.left = `${100 * row.from}%`;
      bar.style.width = `${100 * (row.to - row.from)}%`;
      track.append(bar);
    }
    line.append(element("span", "label", row.label), track, element("span", "value", row.value), element("span", "small", row.small));
    box.append(line);
  }
  const ends = element("div", "ends");
  ends.setAttribute("aria-hidden", "true");
  ends.append(...data.ends.map((end) => element("span", "", end)));
  box.append(ends);
  return box;
}

function drawMore(data, isOpen) {
  const fold = element("details");
  fold.open = isOpen;
  fold.append(element("summary", "", "What are these numbers?"), ...data.more.map((line) => element("p", "", line)));
  return fold;
}

// What has been switched in a view and is not answered yet is told to the server, once.
function off(state, members) {
  const { data, root } = state;
  const isAnswered = same(members, data.off);
  root.classList.toggle("asking", !isAnswered);
  state.undo.hidden = members.length === 0;
  const asking = members.length ? `${data.without} ${named(data, members)} …` : "";
  state.sentence.textContent = (isAnswered ? data.said : asking) || data.hint;
  state.link.answer(isAnswered ? data.told : asking);
  if (!isAnswered && state.told !== members.join()) state.send("off", { members });
  state.told = isAnswered ? null : members.join();
}

function named(data, members) {
  if (members.length > 4) return `${members.length} ${data.noun}s`;
  const all = members.map((i) => `“${data.names[i]}”`);
  return [all.slice(0, -1).join(", "), ...all.slice(-1)].filter(Boolean).join(" and ");
}

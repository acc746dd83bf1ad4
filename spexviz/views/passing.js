// Masked texts passing by with the model's recorded answers. Data comes from spexviz/views/passing.py; user text enters
// the page through textContent only.
export default component({ draw });

const BEAT = 90; // ms between two drawings
const LOG = 5; // texts that stay in sight
const SLOW = 40; // masks that pass one by one, before more pass at a time

function draw(parentElement, state, data) {
  state.root?.remove();
  const root = element("div", "spexviz-passing");
  for (const [name, colour] of Object.entries(data.colours)) root.style.setProperty(`--sx-${name}`, colour);
  Object.assign(state, { data, root, at: state.at ?? 0 });
  const bar = element("div", "bar");
  state.play = pressable("play", () => (state.timer ? stop(state) : start(state)));
  bar.append(state.play, pressable("One more", () => (stop(state), show(state, state.at + 1))), pressable("To the end", () => (stop(state), show(state, data.masks.length))));
  state.count = element("p", "count");
  state.log = element("div", "log");
  state.learnt = element("table", "learnt");
  root.append(bar, state.count, state.log, state.learnt);
  parentElement.append(root);
  stop(state);
  show(state, state.at);
}

function start(state) {
  if (state.at >= state.data.masks.length) state.at = 0;
  state.timer = setInterval(() => {
    if (!state.root.isConnected) return stop(state);
    show(state, state.at + 1 + Math.floor(Math.max(0, state.at - SLOW) / 20));
    if (state.at >= state.data.masks.length) stop(state);
  }, BEAT * 3);
  state.play.textContent = "Pause";
}

function stop(state) {
  clearInterval(state.timer);
  state.timer = null;
  state.play.textContent = "Let them pass";
}

function show(state, at) {
  const { data } = state;
  const last = data.masks.length;
  state.at = Math.min(at, last);
  state.count.textContent = `${state.at.toLocaleString("en-US")} of ${last.toLocaleString("en-US")} masks asked; ${data.possible} are possible.`;
  const first = Math.max(0, state.at - LOG);
  const shown = Array.from({ length: state.at - first }, (_, k) => drawMask(data, state.at - 1 - k));
  state.log.replaceChildren(...shown);
  const reached = data.learnt.filter((row) => row.at <= state.at);
  if (state.learnt.rows.length !== (reached.length && reached.length + 1)) drawLearnt(state, reached);
  if (state.at === last && !state.passed) {
    state.passed = true;
    state.send("did", { what: "passed" });
  }
}

function drawMask(data, k) {
  const row = element("div", "mask");
  const text = element("p", "text");
  data.tokens.forEach((token, i) => {
    const isKept = data.masks[k][i] === "1";
    if (i) text.append(data.gaps[i] ?? " ");
    const made = element("span", isKept ? "kept" : "gone", token);
    if (!isKept) made.setAttribute("aria-hidden", "true");
    text.append(made);
  });
  const answer = element("p", "said");
  answer.append(`${data.answer} `, element("b", "", data.answers[k]));
  row.append(text, answer);
  if (data.bars[k] !== null) {
    const [track, bar] = [element("span", "track"), element("span", "fill")];
    bar.style.width = `${100 * data.bars[k]}%`;
    track.append(bar);
    row.append(track);
  }
  return row;
}

function drawLearnt(state, reached) {
  const head = element("tr");
  head.append(...["After", "the picture explains", `single ${state.data.noun}s alone`].map((text) => element("th", "", text)));
  const rows = reached.map((row) => {
    const made = element("tr");
    const cell = element("td", "explains");
    const [track, bar] = [element("span", "track"), element("span", "fill")];
    bar.style.width = `${100 * row.share}%`;
    track.append(bar);
    cell.append(element("b", "", row.fit), track);
    made.append(element("td", "", `${row.at.toLocaleString("en-US")} masks`), cell, element("td", "", row.alone));
    return made;
  });
  state.learnt.replaceChildren(...(reached.length ? [head, ...rows] : []));
}

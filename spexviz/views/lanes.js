// Lanes: under each line of a text stand the teeth of the sets that have members in it, as on staves. Part of the strip's script.
const LANE = 11; // px from one lane to the next
const MARGIN = 18; // px at the left of the text, for the numbers of sets that come from an earlier line
const LONG = 150; // tokens: a longer text has no room kept for lanes, and shows those of what is lit or selected only

// The line and the middle of each token, where it ends, and the lower edges of the lines; x and y from the text's corner.
function measured(state) {
  const corner = state.text.getBoundingClientRect();
  const bottoms = [];
  const places = state.tokens.map((token) => {
    const ends = Array.from(token.getClientRects()).pop();
    const bottom = ends.bottom - corner.top;
    if (!bottoms.length || bottom - bottoms[bottoms.length - 1] > 4) bottoms.push(bottom);
    return { line: bottoms.length - 1, x: (ends.left + ends.right) / 2 - corner.left, right: ends.right - corner.left };
  });
  return { places, bottoms, width: corner.width };
}

// What of each set stands under each line: the stretch, its teeth, and the lane. The strongest sets are the nearest to the text.
function lanesOf(sets, { places, bottoms, width }) {
  const taken = bottoms.map(() => []); // of a line: of a lane: the stretches in it
  const stretches = [];
  for (const { k, m } of sets) {
    const lines = [...new Set(m.map((i) => places[i].line))].sort((a, b) => a - b);
    for (const line of lines) {
      const teeth = m.filter((i) => places[i].line === line).map((i) => places[i].x);
      const from = line > lines[0] ? MARGIN : Math.min(...teeth);
      const to = line < lines[lines.length - 1] ? width : Math.max(...teeth);
      const free = (lane) => lane.every((other) => to + 6 < other.from - MARGIN || other.to + 6 < from - MARGIN);
      let at = taken[line].findIndex(free);
      if (at < 0) at = taken[line].push([]) - 1;
      taken[line][at].push({ from, to });
      stretches.push({ k, line, lane: at, from, to, teeth });
    }
  }
  return { stretches, counts: taken.map((lanes) => lanes.length) };
}

// All sets, with room kept under each line; of a long text what is lit or selected, in the gaps between its lines.
function placeLanes(state) {
  const { root, text, data } = state;
  root.classList.toggle("long", data.tokens.length > LONG);
  text.querySelectorAll(".room").forEach((room) => room.remove());
  state.where = measured(state);
  if (data.tokens.length <= LONG) {
    const sets = data.sets.map((set, k) => ({ k, m: set.m }));
    const { stretches, counts } = lanesOf(sets, state.where);
    const last = counts.map((_, line) => state.where.places.findLastIndex((place) => place.line === line));
    counts.forEach((count, line) => {
      if (!count) return;
      const room = element("span", "room");
      room.style.setProperty("--room", `${LANE * count + 5}px`);
      state.tokens[last[line]].append(room);
    });
    state.where = measured(state);
    drawLanes(state, stretches);
  } else {
    lanesOfLong(state, null);
  }
}

function lanesOfLong(state, lit) {
  const { data } = state;
  const names = new Set((lit?.sets ?? []).map(String));
  const chosen = new Set(state.selected);
  const isOwn = (set) => set.m.length === chosen.size && set.m.every((i) => chosen.has(i));
  const holds = (set) => chosen.size === 1 && set.m.includes(state.selected[0]);
  const isShown = (set) => (lit ? names.has(String(set.m)) : isOwn(set) || holds(set));
  const sets = data.sets.map((set, k) => ({ k, m: set.m })).filter(({ k }) => isShown(data.sets[k]));
  drawLanes(state, lanesOf(sets, state.where).stretches.filter((stretch) => stretch.lane === 0));
}

function drawLanes(state, stretches) {
  const { data, where } = state;
  state.lanes = stretches.map(({ k, line, lane, from, to, teeth }) => {
    const set = data.sets[k];
    const made = svg("g", { class: ["lane", ...marks(set)].join(" "), "data-comb": k });
    const top = where.bottoms[line] + 3 + LANE * lane;
    const up = set.v >= 0;
    const [spine, tip] = up ? [top + 8, top + 1] : [top + 2, top + 9];
    made.append(svg("rect", { class: "near", x: from - MARGIN, width: to - from + MARGIN + 6, y: top - 0.5, height: LANE }));
    if (to > from) made.append(svg("line", { class: "spine", x1: from, x2: to, y1: spine, y2: spine }));
    for (const x of teeth) made.append(svg("path", { class: "tooth", d: `M${x - 4.5},${spine}L${x},${tip}L${x + 4.5},${spine}Z` }));
    const number = svg("text", { x: from - (teeth.includes(from) ? 7 : 3), y: top + 9 });
    number.textContent = k + 1;
    made.append(number);
    return { k, made };
  });
  state.staves.replaceChildren(...state.lanes.map(({ made }) => made));
}

function clearLanes(state) {
  state.lanes = [];
  state.text.querySelectorAll(".room").forEach((one) => one.remove());
  state.staves.replaceChildren();
}

function lightLanes(state, lit, names) {
  if (state.root.classList.contains("long")) lanesOfLong(state, lit);
  for (const { k, made } of state.lanes) made.classList.toggle("lit", names.has(String(state.data.sets[k].m)));
}

function selectLanes(state) {
  if (state.root.classList.contains("long")) lanesOfLong(state, null);
  for (const { k, made } of state.lanes) made.classList.toggle("selected", same(state.data.sets[k].m, state.selected));
}

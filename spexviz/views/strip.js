// Text strip with combs. Data comes from spexviz/views/strip.py; user text enters the page through textContent only.
const FRAME = 3; // pixels round a word that is lit

export default component({ update, draw, select, off, light, place, picture: "text" });

function update(state, data) {
  Object.assign(state, { about: data.selection || [], said: data.said });
}

// ---- drawing -------------------------------------------------------------------------------------------------------

function draw(parentElement, state, data) {
  if (state.root) state.root.remove();
  if (state.at) point(state, null); // it has gone from under the pointer
  const root = element("div", "spexviz-strip");
  root.dataset.quality = data.quality ?? "good"; // colours that come and sharpen are not faded
  root.classList.toggle("preview", Boolean(data.preview));
  root.classList.toggle("still", Boolean(data.still));
  for (const name of ["ink", "muted", "grid", "up", "down", "surface", "onMark"]) root.style.setProperty(`--sx-${name}`, data.colours[name]);
  Object.assign(state, { data, root, width: 0, selected: [], struck: [], lit: [], tools: null });
  const repeats = new Set(data.numbers);
  state.name = (i) => data.names[i] ?? visible(data.tokens[i]) + (repeats.has(i) ? ` (${i + 1})` : "");
  state.setsOf = data.tokens.map(() => []);
  state.lanes = [];
  const text = (state.text = drawText(state, data, repeats));
  if (data.preview) {
    state.combs = [];
    root.append(text);
    parentElement.append(root);
    return;
  }
  data.sets.forEach((set, k) => set.m.forEach((i) => state.setsOf[i].push(k)));
  state.box = saidBox(() => report(state, []));
  const explain = (state.explain = termsIn(root, data.terms));
  const combs = drawCombs(state, data);
  const stand = element("div", "stand");
  state.veil = element("div", "veil");
  state.dim = element("div", "veil");
  state.staves = svg("svg", { class: "lanes", "aria-hidden": "true", focusable: "false" }); // beside the text: no new lane lays it out anew
  stand.append(text, state.veil, state.staves);
  root.append(drawLegend(data, explain), ...toolbar(state, data.noun), stand);
  if (data.asks) root.append(explain(element("div", "asks"), data.asks));
  root.append(state.box);
  root.classList.toggle("bare", data.none === null && !data.sets.length);
  combs.append(state.dim);
  if (!root.classList.contains("bare")) root.append(combs);
  parentElement.append(root);
  tell(state, null);
  listen(state);
  place(state);
  if (document.fonts?.status === "loading") document.fonts.ready.then(() => root === state.root && place(state, true));
}

function drawText(state, data, repeats) {
  const box = element("div", "text");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", `Text of ${data.tokens.length} ${data.noun}s.${data.preview ? "" : keysOf(state)}`);
  const most = data.preview ? 1 : Math.max(...data.mass, 1e-12);
  const middle = (data.colours.cells.length - 1) / 2;
  state.tokens = data.tokens.map((label, i) => {
    const gap = data.gaps[i] ?? (i ? " " : "");
    if (gap) box.append(document.createTextNode(gap));
    const cell = data.cells[i];
    const token = element("span", "token", visible(label));
    token.style.setProperty("--cell", data.colours.cells[middle + cell]);
    const isSigned = data.preview || data.legend.signed;
    if (isSigned && Math.abs(cell) >= 2) token.dataset.sign = cell > 0 ? "+" : "−";
    if (repeats.has(i)) token.dataset.number = i + 1;
    if (!data.preview) {
      token.style.setProperty("--mass", (data.mass[i] / most).toFixed(3));
      button(token, i === 0, `${state.name(i)}, ${data.index} ${data.effects[i]} ${data.unit}, ${percent(data.mass[i])} of the variance in its interactions`);
      token.dataset.token = i;
      pressed(token, false);
    }
    box.append(token);
    return token;
  });
  const last = data.gaps[data.tokens.length];
  if (last) box.append(document.createTextNode(last));
  return box;
}

function drawCombs(state, data) {
  const box = element("div", "combs");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", `The ${data.sets.length} strongest sets.${keysOf(state)}`);
  state.combs = [];
  if (!data.sets.length) {
    box.append(element("div", "none", data.none));
    return box;
  }
  const ranged = data.sets.some((set) => set.i);
  box.classList.toggle("ranged", ranged);
  const head = element("div", "head");
  head.setAttribute("aria-hidden", "true");
  for (const [name, text] of [["", ""], ["", "set"], ["middle", data.unit], ["value", data.index], ["range", "90 % interval"], ["share", "of variance"]]) {
    if (name !== "range" || ranged) head.append(element("span", name, text));
  }
  box.append(head);
  const largest = data.largest || Math.max(...data.sets.flatMap((set) => [set.v, ...(set.i || [])].map(Math.abs)), 1e-12);
  state.combs = data.sets.map((set, k) => {
    const row = element("div", ["comb", ...marks(set)].join(" "));
    const glyph = svg("svg", { class: "glyph", "aria-hidden": "true", focusable: "false" });
    const value = element("span", "value", set.said);
    const range = element("span", "range", set.range ?? "");
    row.append(glyph, element("span", "number", k + 1), element("span", "members", set.t), drawBar(set, largest), value);
    if (ranged) row.append(range);
    row.append(element("span", "share", set.s));
    const interval = set.i ? `, 90 % interval ${set.range}${isUnsure(set) ? ", sign not certain" : ""}` : "";
    button(row, k === 0, `${set.t}: ${data.index} ${set.said} ${data.unit}${interval}, ${set.s} of the variance${checked(set)}`);
    row.dataset.comb = k;
    box.append(row);
    return row;
  });
  return box;
}

function drawBar(set, largest) {
  const x = (v) => 50 + (48 * v) / largest;
  const bar = svg("svg", { class: "bar", viewBox: "0 0 100 16", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" });
  bar.append(svg("line", { class: "zero", x1: 50, x2: 50, y1: 0, y2: 16 }));
  bar.append(svg("rect", { class: "size", x: Math.min(x(0), x(set.v)), width: Math.abs(x(set.v) - x(0)), y: 4, height: 8 }));
  if (set.i) bar.append(svg("line", { class: "whisker", x1: x(set.i[0]), x2: x(set.i[1]), y1: 8, y2: 8 }));
  return bar;
}

function drawLegend(data, explain) {
  const box = element("div", "legend");
  const ramp = element("span", "ramp");
  const cells = data.legend.signed ? data.colours.cells : data.colours.cells.slice((data.colours.cells.length - 1) / 2);
  ramp.style.background = `linear-gradient(90deg, ${cells.join(",")})`;
  const effect = element("span", "item");
  effect.append(element("span", "", data.legend.low), ramp, element("span", "", data.legend.high), explain(element("b"), data.unit));
  const mass = element("span", "item");
  mass.append(element("span", "sample"), explain(element("span"), "share of variance in its interactions"));
  box.append(effect, mass);
  if (data.sets.length) box.append(element("span", "item numbers", "▲ ▼ with a number: a set of the list below"));
  if (data.sets.some(isUnsure)) {
    const unsure = element("span", "item");
    unsure.append(element("span", "dash"), element("span", "", "dashed: its sign is not certain"));
    box.append(unsure);
  }
  if (data.sets.some((set) => set.c === "contradicted")) {
    box.append(element("span", "item struck", "struck out: contradicted by the model"));
  }
  return box;
}

// Where the whole text is one line with room beside it, a comb's teeth stand under its tokens, its bar and numbers beside them;
// else they stand in lanes under each line of the text, and the list below has their numbers.
function place(state, anew) {
  const { root, data } = state;
  const width = root.clientWidth;
  if (!width || (width === state.width && !anew)) return;
  state.width = width;
  root.classList.toggle("narrow", width < 600);
  if (!state.combs.length) return;
  clearLanes(state);
  root.classList.remove("staves");
  const origin = root.getBoundingClientRect().left;
  const boxes = state.tokens.map((token) => token.getBoundingClientRect());
  const right = Math.max(...boxes.map((box) => box.right)) - origin;
  const aligned = boxes.every((box) => Math.abs(box.top - boxes[0].top) < 2) && right + 480 <= width;
  root.classList.toggle("aligned", aligned);
  root.classList.toggle("staves", !aligned);
  if (!aligned) {
    placeLanes(state);
    selectLanes(state);
    return;
  }
  const inset = state.combs[0].firstChild.getBoundingClientRect().left - origin;
  const glyph = Math.ceil(right - inset) + 4;
  root.style.setProperty("--sx-glyph", `${glyph}px`);
  const at = (i) => (boxes[i].left + boxes[i].right) / 2 - origin - inset;
  data.sets.forEach((set, k) => comb(state.combs[k].firstChild, set.m.map(at), glyph));
}

function comb(glyph, teeth, width) {
  const [first, last] = [teeth[0], teeth[teeth.length - 1]];
  glyph.setAttribute("width", width);
  glyph.setAttribute("height", 20);
  glyph.replaceChildren(svg("line", { class: "base", x1: 0, x2: width, y1: 16, y2: 16 }));
  glyph.append(svg("path", { class: "spine", d: `M${first},5V16H${last}V5` + teeth.slice(1, -1).map((x) => `M${x},16V5`).join("") }));
  for (const x of teeth) glyph.append(svg("circle", { class: "tooth", cx: x, cy: 5, r: 3.5 }));
}

// ---- gestures ------------------------------------------------------------------------------------------------------

function listen(state) {
  const hit = (event) => (event.target.closest ? event.target.closest("[data-token],[data-comb]") : null);
  gestures(state.root, hit, {
    point: (at) => point(state, at),
    choose: (at, how) => at && act(state, membersOf(state, at), how),
    clear: () => report(state, []),
    move: (at, key) => move(state, at, key),
  });
}

function move(state, at, key) {
  const row = at.dataset.token !== undefined ? state.tokens : state.combs;
  const here = row.indexOf(at);
  const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -row.length, End: row.length }[key];
  if (step === undefined) return false;
  const next = row[Math.max(0, Math.min(row.length - 1, here + step))];
  at.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
  return true;
}

function membersOf(state, at) {
  return at.dataset.token !== undefined ? [Number(at.dataset.token)] : state.data.sets[at.dataset.comb].m;
}

function select(state, members) {
  const before = state.selected;
  state.selected = members;
  if (state.data.preview) return;
  // only what changes is touched: a text may have many words
  for (const i of before) pressed(state.tokens[i], false);
  for (const i of members) pressed(state.tokens[i], true);
  state.combs.forEach((row, k) => pressed(row, same(state.data.sets[k].m, members)));
  tell(state, state.at);
  selectLanes(state);
}

// What is switched off is struck out; a set that has lost a member acts no more.
function off(state, members) {
  const before = state.struck;
  state.struck = members;
  if (state.data.preview) return;
  for (const i of before) struck(state.tokens[i], false);
  for (const i of members) struck(state.tokens[i], true);
  const out = new Set(members);
  state.combs.forEach((row, k) => row.classList.toggle("out", state.data.sets[k].m.some((i) => out.has(i))));
}

// What belongs to a token or a set is lit in every view of the run.
function point(state, at) {
  if (at === state.at) return;
  state.at = at;
  state.link.light(at && belonging(state, at));
  tell(state, at);
}

function belonging(state, at) {
  const here = Number(at.dataset.token ?? at.dataset.comb);
  const own = at.dataset.token !== undefined ? state.setsOf[here] : [here];
  const sets = own.map((k) => state.data.sets[k].m);
  const players = new Set(sets.flat());
  if (at.dataset.token !== undefined) players.add(here);
  return { players, sets };
}

function light(state, lit) {
  if (state.data.preview) return;
  const names = new Set(lit?.sets.map(String));
  state.root.classList.toggle("lighting", Boolean(lit));
  for (const i of state.lit) state.tokens[i].classList.remove("lit");
  state.lit = [...(lit?.players ?? [])].sort((a, b) => a - b);
  const combs = state.combs.filter((_, k) => names.has(String(state.data.sets[k].m)));
  if (lit) {
    openVeil(state.veil, state.lit.map((i) => state.tokens[i]));
    openVeil(state.dim, combs);
  }
  for (const i of state.lit) state.tokens[i].classList.add("lit");
  for (const row of state.combs) row.classList.toggle("lit", combs.includes(row));
  lightLanes(state, lit, names);
}

// What stood above the veil would have all of the page painted anew: it has holes instead, one for words that touch.
function openVeil(veil, shown) {
  const { left, top, width, height } = veil.getBoundingClientRect();
  const holes = [];
  for (const box of shown.flatMap((one) => [...one.getClientRects()])) {
    const [x0, x1, y0, y1] = [box.left - left - FRAME, box.right - left + FRAME, box.top - top - FRAME, box.bottom - top + FRAME];
    const last = holes.at(-1);
    const touches = last && Math.abs(last.y0 - y0) < 1 && x0 <= last.x1 + FRAME && x1 >= last.x0 - FRAME;
    if (touches) Object.assign(last, { x0: Math.min(x0, last.x0), x1: Math.max(x1, last.x1) });
    else holes.push({ x0, x1, y0, y1 });
  }
  const outlines = holes.map(({ x0, x1, y0, y1 }) => `M${x0},${y0}V${y1}H${x1}V${y0}z`);
  veil.style.clipPath = `path(evenodd, "M0,0H${width}V${height}H0z${outlines.join("")}")`;
}

// What is pointed at; else what is selected, as the server says it, and until it does as far as it is known here.
function tell(state, at) {
  const { data, box, selected } = state;
  const isChosen = selected.length > 0;
  const pointed = at ? membersOf(state, at) : selected;
  if (!same(pointed, selected)) return say(box, readingOf(state, pointed), isChosen, false);
  if (!isChosen) {
    const click = data.still || (state.link?.mode ?? data.press) !== "look" ? "" : "; click to follow it through all views";
    return say(box, `Point at a ${data.noun}${data.sets.length ? " or a set" : ""} to see what belongs to it${click}.`, false, false);
  }
  return say(box, state.said && same(selected, state.about) ? state.said : readingOf(state, selected), true, true, state.explain);
}

function readingOf(state, members) {
  const { data } = state;
  if (members.length === 1) {
    const [i] = members;
    const sets = state.setsOf[i].length;
    const inSets = sets ? `, in ${sets} of the sets below` : "";
    return `\u2068${state.name(i)}\u2069: ${data.effects[i]} ${data.unit} (${data.index}); its interactions carry ${percent(data.mass[i])} of the variance${inSets}.`;
  }
  const set = data.sets.find((one) => same(one.m, members));
  if (!set) return `\u2068${members.map(state.name).join(" × ")}\u2069: …`;
  const range = set.range ? ` ${set.range}` : "";
  return `\u2068${set.t}\u2069: ${set.said}${range} ${data.unit} (${data.index}), ${set.s} of the variance${checked(set)}.`;
}

// ---- small things --------------------------------------------------------------------------------------------------

const checked = (set) => (!set.c ? "" : set.c === "undecided" ? ", checked on the model, undecided" : `, ${set.c} by the model`);
const visible = (label) => (label.trim() ? label : label.includes("\n") ? "↵" : "␣");

// the classes of whatever shows a set
function marks(set) {
  const names = [set.v < 0 ? "down" : "up"];
  if (isUnsure(set)) names.push("unsure");
  if (set.c === "contradicted") names.push("contradicted");
  return names;
}

function percent(share) {
  const value = 100 * share;
  if (value > 0 && value < 0.1) return "< 0.1 %";
  return `${value > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)} %`;
}

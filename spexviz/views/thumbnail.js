// Thumbnails: the picture of a run in small, as SVG. Data comes from spexviz/views/thumbnail.py.
const WIDE = 320;
const HIGH = 116;
const EDGE = 8; // px kept free around the picture
const LINE = 1.62; // of the size of the letters, from one line to the next
const TEETH = 7; // px under a line for the teeth of the leading set
const SIZES = [19, 17, 15, 13, 11.5, 10.5]; // of letters, the largest that has room; beyond it words are bars
const LARGE = 15; // of letters that are large enough for a text to stand on one line
const BAR = 7; // px from one line of bars to the next, at least
const FACE = '"Source Sans", "Source Sans 3", system-ui, sans-serif';

const middle = (cells) => (cells.length - 1) / 2;
const shade = (cells, level) => cells[middle(cells) + level];

function pictureOf(picture, cells) {
  const drawn = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "xMidYMid meet" });
  const draw = { text: drawText, squares: drawSquares, examples: drawExamples }[picture.kind];
  drawn.append(...draw(picture, cells));
  return drawn;
}

const pen = document.createElement("canvas").getContext("2d");
function long(text, size) {
  pen.font = `${size}px ${FACE}`;
  return pen.measureText(text).width;
}

function letters(x, y, size, text, name) {
  const made = svg("text", { x, y, "font-size": size, class: name });
  made.textContent = text;
  return made;
}

// ---- a text ------------------------------------------------------------------------------------------------------

function drawText(picture, cells) {
  const fits = (one) => heightOf(setIn(picture, one), one) <= HIGH - 2 * EDGE;
  const isOneLine = (one) => one >= LARGE && setIn(picture, one).at(-1).line === 0;
  const size = SIZES.find(isOneLine) ?? SIZES.find(fits);
  return size ? drawWords(picture, cells, size) : drawBars(picture, cells);
}

const heightOf = (words, size) => (words[words.length - 1].line + 1) * (LINE * size + TEETH) - 0.4 * size;

// Every word with its line and place: a token of several words breaks between them.
function setIn(picture, size) {
  const blank = long(" ", size);
  const right = WIDE - 2 * EDGE;
  const words = [];
  let x = 0;
  let line = 0;
  const space = (text) => {
    for (const sign of text.replace(/[^\s]/g, " ").replace(/ +/g, (run) => (/\n/.test(text) ? run : " "))) {
      if (sign === "\n") [x, line] = [0, line + 1];
      else x += blank;
    }
  };
  const word = (text, i) => {
    const width = long(text, size);
    if (x > 0 && x + width > right) [x, line] = [0, line + 1];
    words.push({ i, text, x, line, width: Math.min(width, right - x) });
    x += width;
  };
  picture.tokens.forEach((token, i) => {
    gap(picture, i, space, word);
    token.split(/(\s+)/).forEach((part) => (/^\s*$/.test(part) ? part && space(part) : word(part, i)));
  });
  gap(picture, picture.tokens.length, space, word);
  return words;
}

// What stands before a token and is no player: white space, or words that are always kept.
function gap(picture, i, space, word) {
  const between = i > 0 && i < picture.tokens.length ? " " : "";
  for (const part of (picture.gaps[i] ?? between).split(/(\s+)/)) {
    if (/^\s+$/.test(part)) space(part);
    else if (part) word(part, null);
  }
}

// Stretches of one token on one line.
function stretchesOf(words) {
  const made = [];
  for (const word of words) {
    const last = made[made.length - 1];
    if (last && last.i === word.i && last.line === word.line) last.right = word.x + word.width;
    else made.push({ i: word.i, line: word.line, x: word.x, right: word.x + word.width });
  }
  return made;
}

function drawWords(picture, cells, size) {
  const words = setIn(picture, size);
  const step = LINE * size + TEETH;
  const top = (HIGH - heightOf(words, size)) / 2;
  const foot = (line) => top + line * step + 1.22 * size;
  const stretches = stretchesOf(words);
  const boxes = stretches
    .filter(({ i }) => i !== null)
    .map(({ i, line, x, right }) =>
      svg("rect", { x: EDGE + x - 2, y: foot(line) - 1.2 * size, width: right - x + 4, height: 1.32 * size, rx: 3, fill: shade(cells, picture.cells[i]) }),
    );
  const texts = words.map(({ i, text, x, line }) => letters(EDGE + x, foot(line) - 0.2 * size, size, text, i === null ? "kept" : "word"));
  const ends = stretches.map((one) => ({ ...one, y: foot(one.line) + 0.14 * size }));
  return [...boxes, ...texts, ...picture.sets.map((set) => drawTeeth(set, ends))];
}

// A longer text: a bar a line of each token.
function drawBars(picture, cells) {
  const sizes = [9, 8, 7, 6, 5, 4, 3, 2];
  const room = HIGH - 2 * EDGE;
  const linesIn = (size) => setIn(picture, size).at(-1).line + 1;
  const size = sizes.find((one) => linesIn(one) * BAR <= room) ?? 2;
  const words = setIn(picture, size);
  const step = Math.min(14, room / (words.at(-1).line + 1));
  const top = EDGE + (room - step * (words.at(-1).line + 1)) / 2;
  const stretches = stretchesOf(words);
  return stretches.map(({ i, line, x, right }) => {
    const fill = i === null ? { class: "bar" } : { fill: shade(cells, picture.cells[i]) };
    return svg("rect", { x: EDGE + x, y: top + line * step + 1, width: Math.max(1, right - x), height: Math.max(2, step - 3), rx: 2, ...fill });
  });
}

// The leading set: a tooth a member, and a spine a line, which runs to the edge where the set goes on in another line.
function drawTeeth({ m, up }, stretches) {
  const made = svg("g", { class: up ? "set up" : "set down" });
  const places = m.map((i) => stretches.find((one) => one.i === i)).filter(Boolean);
  const points = places.map(({ x, right, y }) => ({ x: EDGE + (x + right) / 2, y }));
  for (const { x, y } of points) made.append(svg("path", { class: "tooth", d: `M${x - 4},${y + 5}L${x},${y - 0.5}L${x + 4},${y + 5}Z` }));
  const heights = points.map(({ y }) => y);
  for (const y of new Set(heights)) {
    const teeth = points.filter((point) => point.y === y).map(({ x }) => x);
    const from = y > Math.min(...heights) ? 0 : Math.min(...teeth);
    const to = y < Math.max(...heights) ? WIDE : Math.max(...teeth);
    made.append(svg("path", { class: "spine", d: `M${from},${y + 5}H${to}` }));
  }
  return made;
}

// ---- layers × heads ----------------------------------------------------------------------------------------------

function drawSquares(picture, cells) {
  const high = Math.min(16, (HIGH - 2 * EDGE) / picture.rows);
  const wide = Math.min(22, (WIDE - 2 * EDGE) / picture.columns);
  const left = (WIDE - wide * picture.columns) / 2;
  const bottom = (HIGH + high * picture.rows) / 2;
  const gapOf = (side) => Math.min(2, 0.2 * side);
  const boxes = picture.squares.map(([x, y, level]) =>
    svg("rect", { x: left + x * wide, y: bottom - (y + 1) * high, width: wide - gapOf(wide), height: high - gapOf(high), rx: Math.min(2, high / 4), fill: shade(cells, level) }),
  );
  const at = ([x, y]) => ({ x: left + (x + 0.5) * wide - gapOf(wide) / 2, y: bottom - (y + 0.5) * high - gapOf(high) / 2 });
  return [...boxes, ...picture.sets.map(({ m, up }) => drawTies(m.map((i) => at(picture.squares[i])), up))];
}

// The members of a set, each ringed, and tied one to the next.
function drawTies(points, up) {
  const made = svg("g", { class: up ? "set up" : "set down" });
  points.slice(1).forEach((to, k) => {
    const from = points[k];
    const bend = from.x + (to.x - from.x) / 2 + 14;
    made.append(svg("path", { class: "spine", d: `M${from.x},${from.y}Q${bend},${(from.y + to.y) / 2} ${to.x},${to.y}` }));
  });
  for (const { x, y } of points) made.append(svg("circle", { class: "ring", cx: x, cy: y, r: 3.4 }));
  return made;
}

// ---- examples ----------------------------------------------------------------------------------------------------

function drawExamples(picture, cells) {
  const count = picture.examples.length;
  const wide = (WIDE - 2 * EDGE - 8 * (count - 1)) / count;
  return picture.examples.flatMap((one, k) => drawExample(one, EDGE + k * (wide + 8), wide, cells));
}

function drawExample(one, left, wide, cells) {
  const [top, high] = [EDGE, HIGH - 2 * EDGE];
  const parts = [
    svg("rect", { class: "example", x: left, y: top, width: wide, height: high, rx: 6 }),
    svg("rect", { x: left, y: top, width: 7, height: high, rx: 3, fill: shade(cells, one.cell) }),
  ];
  if (one.pixels) parts.push(...drawPixels(one.pixels, left + (wide - 64) / 2 + 3, top + 8));
  else linesOf(one.text, 12.5, wide - 24, 4).forEach((line, k) => parts.push(letters(left + 15, top + 19 + 16 * k, 12.5, line, "word")));
  const label = letters(left + 15, top + high - 9, 11.5, one.label, "label");
  return [...parts, label];
}

function drawPixels(pixels, left, top) {
  const side = Math.round(Math.sqrt(pixels.length));
  const step = 64 / side;
  const page = svg("rect", { x: left - 1, y: top - 1, width: 66, height: 66, fill: "#fff", class: "paper" });
  const dots = pixels.flatMap((dark, i) => {
    const grey = Math.round(255 * (1 - dark));
    const place = { x: left + step * (i % side), y: top + step * Math.floor(i / side), width: step + 0.3, height: step + 0.3 };
    return dark ? [svg("rect", { ...place, fill: `rgb(${grey},${grey},${grey})` })] : [];
  });
  return [page, ...dots];
}

// The text in lines of a width, at most so many: what is left over is an ellipsis.
function linesOf(text, size, wide, most) {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (long(longer, size) <= wide) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  const shown = lines.slice(0, most);
  if (lines.length > most) shown[most - 1] = `${shown[most - 1].replace(/\W*\s*\S+$/, "")} …`;
  return shown;
}

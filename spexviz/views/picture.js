// Picture: what is seen under an element, HTML and SVG alike, as one SVG that needs nothing from elsewhere, and as PNG.
//
//   snapshot(root)         { text, width, height }: every box, line and word where it stands, with its own style
//   painted(snapshot)      a PNG of it, twice as fine
//
// Text stays text. What bears `data-unseen` is left out.
const MOST = 8000; // pixels of a side of a PNG
const EDGE = 16; // pixels around it
const INLINED = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "vector-effect", "font-family", "font-size", "font-weight", "text-anchor", "dominant-baseline"];
const COLOURED = new Set(["fill", "stroke"]);
const KEPT = /^(x|y|x1|x2|y1|y2|d|r|rx|ry|cx|cy|dx|dy|width|height|points|transform|viewBox|preserveAspectRatio|id|clip-path|offset|gradientUnits)$/;

function snapshot(root) {
  const hidden = unseenUnder(root);
  const shown = hidden.map((node) => node.style.display);
  for (const node of hidden) node.style.display = "none"; // nobody sees it go: it is back before the next frame
  try {
    return drawn(root);
  } finally {
    hidden.forEach((node, k) => (node.style.display = shown[k]));
  }
}

const unseenUnder = (node) => [...node.querySelectorAll("*")].flatMap((one) => [...(one.hasAttribute("data-unseen") ? [one] : []), ...(one.shadowRoot ? unseenUnder(one.shadowRoot) : [])]);

function drawn(root) {
  const frame = root.getBoundingClientRect();
  const [width, height] = [Math.ceil(Math.max(frame.width, root.scrollWidth)) + 2 * EDGE, Math.ceil(frame.height) + 2 * EDGE];
  const made = svg("svg", { xmlns: SVG, viewBox: `0 0 ${width} ${height}`, width, height });
  made.append(svg("rect", { width, height, fill: groundUnder(root) }));
  drawElement({ left: frame.left - EDGE, top: frame.top - EDGE, count: 0 }, root, made, false);
  return { text: new XMLSerializer().serializeToString(made), width, height };
}

async function painted({ text, width, height }) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const scale = Math.min(2, MOST / width, MOST / height);
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(width * scale), height: Math.round(height * scale) });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, failed) => canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("no picture"))), "image/png"));
}

// The colour that lies under an element.
function groundUnder(node) {
  for (let at = node; at; at = at.parentElement ?? at.getRootNode().host) {
    const colour = plainColour(getComputedStyle(at).backgroundColor);
    if (colour && !colour.startsWith("rgba")) return colour;
  }
  return "#ffffff";
}

// ---- colours: as every program reads them --------------------------------------------------------------------------

const colourPad = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
const colourNames = new Map();

// "rgb(…)" or "rgba(…)"; "" for what is not seen.
function plainColour(said) {
  if (!colourNames.has(said)) {
    colourPad.clearRect(0, 0, 1, 1);
    colourPad.fillStyle = said;
    colourPad.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = colourPad.getImageData(0, 0, 1, 1).data;
    colourNames.set(said, !a ? "" : a === 255 ? `rgb(${r},${g},${b})` : `rgba(${r},${g},${b},${(a / 255).toFixed(3)})`);
  }
  return colourNames.get(said);
}

// ---- boxes ---------------------------------------------------------------------------------------------------------

function drawElement(paint, node, out, isStruck) {
  const style = getComputedStyle(node);
  if (style.display === "none" || style.visibility === "hidden" || style.opacity === "0") return;
  if (node instanceof SVGSVGElement) return void drawGraphic(paint, node, out);
  const group = Number(style.opacity) < 1 ? svg("g", { opacity: style.opacity }) : out;
  if (group !== out) out.append(group);
  const boxes = style.display === "inline" ? [...node.getClientRects()] : [node.getBoundingClientRect()];
  for (const box of boxes) drawBox(paint, style, box, group);
  const struckHere = isStruck || style.textDecorationLine.includes("line-through");
  drawMade(paint, node, "::before", group);
  for (const child of node.shadowRoot?.childNodes ?? node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) drawWords(paint, child, style, group, struckHere);
    else if (child.nodeType === Node.ELEMENT_NODE && !/^(STYLE|SCRIPT|TITLE)$/.test(child.tagName)) drawElement(paint, child, group, struckHere);
  }
  drawMade(paint, node, "::after", group);
}

function drawBox(paint, style, box, out) {
  if (!box.width || !box.height) return;
  const place = { x: fine(box.left - paint.left), y: fine(box.top - paint.top), width: fine(box.width), height: fine(box.height) };
  const rx = Math.min(parseFloat(style.borderTopLeftRadius) || 0, box.height / 2);
  const fill = plainColour(style.backgroundColor);
  if (fill) out.append(svg("rect", { ...place, rx, fill }));
  if (style.backgroundImage.startsWith("linear-gradient")) drawGradient(paint, style, place, rx, out);
  drawEdges(style, place, rx, out);
  const ring = style.boxShadow.match(/^(.*?\)) 0px 0px 0px ([\d.]+)px( inset)?$/); // what is selected, and what is pointed at
  if (ring && plainColour(ring[1])) out.append(svg("rect", { ...place, rx, fill: "none", stroke: plainColour(ring[1]), "stroke-width": ring[2] }));
}

// A ramp from left to right, or a line along the lower edge.
function drawGradient(paint, style, place, rx, out) {
  const colours = [...style.backgroundImage.matchAll(/(?:rgba?|color)\([^()]*\)|#[0-9a-f]{3,8}/gi)].map(([said]) => plainColour(said) || "transparent");
  const thick = style.backgroundSize.match(/ ([\d.]+)px/);
  if (thick) {
    const height = Number(thick[1]);
    if (colours[0] !== "transparent") out.append(svg("rect", { ...place, y: place.y + place.height - height, height, fill: colours[0] }));
    return;
  }
  const id = `spexviz-ramp-${(paint.count += 1)}`;
  const ramp = svg("linearGradient", { id });
  colours.forEach((colour, k) => ramp.append(svg("stop", { offset: k / Math.max(1, colours.length - 1), "stop-color": colour })));
  out.append(ramp, svg("rect", { ...place, rx, fill: `url(#${id})` }));
}

function drawEdges(style, { x, y, width, height }, rx, out) {
  const edges = ["Top", "Right", "Bottom", "Left"].map((side) => {
    const thick = style[`border${side}Style`] === "none" ? 0 : parseFloat(style[`border${side}Width`]);
    return { thick, colour: thick ? plainColour(style[`border${side}Color`]) : "" };
  });
  const seen = edges.filter(({ thick, colour }) => thick && colour);
  if (!seen.length) return;
  const dash = style.borderTopStyle === "dashed" ? { "stroke-dasharray": "5 3" } : {};
  if (seen.length === 4) return void out.append(svg("rect", { x, y, width, height, rx, fill: "none", stroke: seen[0].colour, "stroke-width": seen[0].thick, ...dash }));
  const lines = [[x, y, x + width, y], [x + width, y, x + width, y + height], [x, y + height, x + width, y + height], [x, y, x, y + height]];
  edges.forEach(({ thick, colour }, k) => {
    const [x1, y1, x2, y2] = lines[k];
    if (thick && colour) out.append(svg("line", { x1, y1, x2, y2, stroke: colour, "stroke-width": thick, ...dash }));
  });
}

// ---- text ----------------------------------------------------------------------------------------------------------

function drawWords(paint, node, style, out, isStruck) {
  const range = document.createRange();
  for (const { index, 0: word } of node.data.matchAll(/\S+/g)) {
    range.setStart(node, index);
    range.setEnd(node, index + word.length);
    const boxes = [...range.getClientRects()].filter((box) => box.width);
    if (boxes.length === 1) write(paint, word, boxes[0], style, out, isStruck);
    else if (boxes.length) letters(paint, node, index, word, style, out, isStruck); // broken over lines
  }
}

function letters(paint, node, index, word, style, out, isStruck) {
  const range = document.createRange();
  let at = index;
  for (const letter of word) {
    range.setStart(node, at);
    range.setEnd(node, (at += letter.length));
    const [box] = range.getClientRects();
    if (box?.width) write(paint, letter, box, style, out, isStruck);
  }
}

function write(paint, text, box, style, out, isStruck) {
  const fill = plainColour(style.color);
  if (!fill || style.fontSize === "0px") return;
  const said = svg("text", {
    x: fine(box.left - paint.left),
    y: fine(box.top - paint.top + box.height * rise(style)),
    textLength: fine(box.width),
    lengthAdjust: "spacingAndGlyphs",
    fill,
    "font-family": style.fontFamily,
    "font-size": style.fontSize,
    "font-weight": style.fontWeight,
  });
  if (style.fontStyle !== "normal") said.setAttribute("font-style", style.fontStyle);
  if (style.direction === "rtl") said.setAttribute("direction", "rtl");
  if (isStruck) said.setAttribute("text-decoration", "line-through");
  said.textContent = text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "\ufffd"); // XML has no such characters
  out.append(said);
}

// How far down in its box a line stands, as a share of the box.
function rise(style) {
  colourPad.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  const { fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } = colourPad.measureText("x");
  return up + down ? up / (up + down) : 0.8;
}

// What a style sheet writes before or after an element: signs and numbers.
function drawMade(paint, node, which, out) {
  const style = getComputedStyle(node, which);
  const found = style.content.match(/^"(.*)"$/s);
  if (!found?.[1] || style.display === "none") return;
  const own = document.createRange();
  own.selectNodeContents(node);
  const boxes = [...own.getClientRects()].filter((box) => box.width);
  const [frame] = node.getClientRects();
  if (!frame) return;
  const edge = getComputedStyle(node);
  colourPad.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  const width = colourPad.measureText(found[1]).width;
  const size = parseFloat(style.fontSize);
  const line = which === "::before" ? boxes[0] ?? frame : boxes[boxes.length - 1] ?? frame;
  const left = which === "::before" ? frame.left + parseFloat(edge.paddingLeft) : line.right + parseFloat(style.marginLeft);
  const base = line.top + line.height * rise(edge) + (style.verticalAlign === "sub" ? 0.3 * size : 0);
  const box = { left, width, top: base - 1.2 * size * rise(style), height: 1.2 * size };
  write(paint, found[1], box, style, out, false);
}

// ---- graphics ------------------------------------------------------------------------------------------------------

function drawGraphic(paint, node, out) {
  const box = node.getBoundingClientRect();
  if (!box.width || !box.height) return;
  const made = svg("svg", { x: fine(box.left - paint.left), y: fine(box.top - paint.top), width: fine(box.width), height: fine(box.height), overflow: "visible" });
  for (const name of ["viewBox", "preserveAspectRatio"]) if (node.hasAttribute(name)) made.setAttribute(name, node.getAttribute(name));
  for (const child of node.children) copy(child, made);
  out.append(made);
}

function copy(node, out) {
  if (/^(title|desc|script|style)$/.test(node.tagName)) return;
  const style = getComputedStyle(node);
  if (style.display === "none" || style.visibility === "hidden") return;
  const made = svg(node.tagName, {});
  for (const { name, value } of node.attributes) if (KEPT.test(name)) made.setAttribute(name, value);
  if (!node.closest("defs")) {
    for (const name of INLINED) {
      const said = style.getPropertyValue(name);
      if (said) made.setAttribute(name, COLOURED.has(name) && said !== "none" && !said.startsWith("url") ? plainColour(said) || "none" : said);
    }
  }
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) made.append(child.data);
    else if (child.nodeType === Node.ELEMENT_NODE) copy(child, made);
  }
  out.append(made);
}

const fine = (pixels) => Math.round(10 * pixels) / 10;

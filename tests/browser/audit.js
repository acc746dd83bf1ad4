// What is wrong with a page as it is drawn, a sentence each: text that is cut, or too pale; boxes beyond the window.
// Looks into the shadow roots of components. What scrolls sideways in a box of its own may be wider than the box.
() => {
  const wrong = new Set();
  // what is no text (icons), or is drawn on a canvas
  const APART = "svg, canvas, style, script, noscript, [data-testid=stDataFrame], [data-testid=stIconMaterial], " +
    "[data-testid=stSliderThumbValue]";
  const LEAST = 4.5; // contrast of text, WCAG 2.2, 1.4.3; of large text 3
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const colours = new Map();

  const parent = (node) => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host ?? null;
  const short = (text) => JSON.stringify(text.trim().replace(/\s+/g, " ").slice(0, 60));
  const fixed = (value) => Number(value).toFixed(0);

  function rgba(colour) {
    if (!colours.has(colour)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      colours.set(colour, [r, g, b, a / 255]);
    }
    return colours.get(colour);
  }

  const over = (front, back) => [0, 1, 2].map((i) => front[i] * front[3] + back[i] * (1 - front[3]));

  function background(node) {
    const layers = [];
    for (let at = node; at; at = parent(at)) {
      const layer = rgba(getComputedStyle(at).backgroundColor);
      if (layer[3] > 0) layers.push(layer);
      if (layer[3] === 1) break;
    }
    return layers.reduceRight((back, front) => over(front, back), [255, 255, 255]);
  }

  function luminance(rgb) {
    const [r, g, b] = rgb.map((level) => (level / 255 <= 0.04045 ? level / 255 / 12.92 : ((level / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function contrast(one, other) {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  }

  function opacity(node) {
    let share = 1;
    for (let at = node; at; at = parent(at)) share *= Number(getComputedStyle(at).opacity);
    return share;
  }

  function isSeen(node) {
    return node.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !isForReaders(node);
  }

  // a box of one pixel that only screen readers read, or what stands in the closed part of a page
  function isForReaders(node) {
    for (let at = node; at; at = parent(at)) {
      if (at.ariaHidden === "true" && at.classList.contains("room")) return true;
      const box = at.getBoundingClientRect();
      if (box.width <= 1 && box.height <= 1 && !["contents", "inline"].includes(getComputedStyle(at).display)) return true;
    }
    return false;
  }

  const isOff = (node) => Boolean(closest(node, ":disabled, [aria-disabled=true]"));

  function closest(node, selector) {
    for (let at = node; at; at = parent(at)) if (at.matches(selector)) return at;
    return null;
  }

  // ---- words in HTML ------------------------------------------------------------------------------------------------

  function look(node, text) {
    const range = document.createRange();
    range.selectNodeContents(text);
    const boxes = [...range.getClientRects()].filter((box) => box.width > 0.5 && box.height > 0.5);
    if (!boxes.length || !isSeen(node)) return;
    const left = Math.min(...boxes.map((box) => box.left));
    const right = Math.max(...boxes.map((box) => box.right));
    if (right <= 0) return; // a closed sidebar
    const top = Math.min(...boxes.map((box) => box.top));
    const bottom = Math.max(...boxes.map((box) => box.bottom));
    for (let at = node; at && at !== document.documentElement; at = parent(at)) {
      const style = getComputedStyle(at);
      const box = at.getBoundingClientRect();
      if (style.overflowX === "auto" || style.overflowX === "scroll") break; // it can be brought into sight
      const isCut = style.overflowX !== "visible" && (left < box.left - 2 || right > box.right + 2);
      const isLow = style.overflowY !== "visible" && style.overflowY !== "auto" && style.overflowY !== "scroll" && bottom > box.bottom + 3 && top < box.bottom;
      if (style.display !== "inline" && (isCut || isLow)) {
        wrong.add(`cut: ${short(text.data)}`);
        return;
      }
      if (style.position === "fixed") break;
    }
    if (right > innerWidth + 1 && !scrollsSideways(node)) wrong.add(`beyond the window (${fixed(right)} px): ${short(text.data)}`);
    pale(node, text.data, getComputedStyle(node).color, background(node));
  }

  function scrollsSideways(node) {
    for (let at = node; at; at = parent(at)) {
      if (["auto", "scroll"].includes(getComputedStyle(at).overflowX) && at.scrollWidth > at.clientWidth && at !== document.documentElement) {
        return at.dataset.testid !== "stMain" && at.dataset.testid !== "stAppViewContainer";
      }
    }
    return false;
  }

  function pale(node, said, colour, back) {
    if (isOff(node) || !said.trim()) return;
    const style = getComputedStyle(node);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const front = rgba(colour);
    const shown = over([...front.slice(0, 3), front[3] * opacity(node)], back);
    const found = contrast(shown, back);
    if (found < (isLarge ? 3 : LEAST) - 0.01) wrong.add(`contrast ${found.toFixed(2)}: ${short(said)}`);
  }

  // ---- figures ------------------------------------------------------------------------------------------------------

  function figure(plot) {
    if (!isSeen(plot)) return;
    const frame = plot.getBoundingClientRect();
    const written = [...plot.querySelectorAll("text")].filter((text) => text.textContent.trim() && text.getBoundingClientRect().width > 0);
    const boxes = written.map((text) => ({ text, box: text.getBoundingClientRect() })).filter(({ text }) => isSeen(text));
    for (const { text, box } of boxes) {
      if (box.left < frame.left - 2 || box.right > frame.right + 2 || box.top < frame.top - 2 || box.bottom > frame.bottom + 2) {
        wrong.add(`cut in a figure: ${short(text.textContent)}`);
      }
      if (!text.closest(".bars, .scatterlayer")) pale(text, text.textContent, getComputedStyle(text).fill, background(plot));
    }
    boxes.forEach(({ text, box }, i) => {
      for (const other of boxes.slice(i + 1)) {
        const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
        const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
        if (across > 4 && down > 5) wrong.add(`over each other in a figure: ${short(text.textContent)} and ${short(other.text.textContent)}`);
      }
    });
    for (const legend of plot.querySelectorAll("g.legend")) {
      const box = legend.getBoundingClientRect();
      for (const bar of plot.querySelectorAll(".bars path")) {
        const one = bar.getBoundingClientRect();
        if (one.width > 1 && Math.min(one.bottom, box.bottom) - Math.max(one.top, box.top) > 4) wrong.add("a legend lies over bars");
      }
    }
  }

  // ---- all of it ----------------------------------------------------------------------------------------------------

  function walk(root) {
    for (const node of root.querySelectorAll("*")) {
      if (node.shadowRoot) walk(node.shadowRoot);
      if (node.closest(APART)) continue;
      for (const text of node.childNodes) if (text.nodeType === Node.TEXT_NODE && text.data.trim()) look(node, text);
    }
    for (const plot of root.querySelectorAll(".js-plotly-plot")) figure(plot);
  }

  if (document.documentElement.scrollWidth > innerWidth) wrong.add(`the page is ${document.documentElement.scrollWidth} px wide`);
  const main = document.querySelector("[data-testid=stMain]");
  if (main && main.scrollWidth > main.clientWidth + 1) wrong.add(`the page scrolls sideways by ${main.scrollWidth - main.clientWidth} px`);
  walk(document);
  return [...wrong];
}

// Terms: the words of the glossary in a sentence, each explained where it is pointed at, focused or tapped.
//
//   const tell = termsIn(root, data.terms);   // {form: [name, what it is]}, see spexviz/views/glossary.py
//   tell(node, text)                          // what stands in the node from now on; it gives the node back
//
// A word is a button of its own, once a root: the first time that it is met. A root is one Tab stop, arrow keys go from
// word to word. What is in quotes is somebody's text. The bubble stays while it is pointed at; Escape closes it.
const QUOTED = /(“[^”]*”)/u;
const REST = 120; // ms that a pointer rests on a word before it is explained, and takes to leave it

function termsIn(root, terms = {}) {
  const forms = Object.keys(terms).sort((a, b) => b.length - a.length);
  if (!forms.length) return (node, text) => (node.replaceChildren(text), node);
  const words = forms.map((form) => form.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")).join("|");
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_-])(${words})(?![\\p{L}\\p{N}_-])`, "giu");
  const met = new Map(); // name → the node in which it is explained
  return (node, text) => {
    for (const [name, where] of met) if (where === node) met.delete(name);
    node.replaceChildren();
    text.split(QUOTED).forEach((piece, k) => {
      if (k % 2) return node.append(piece);
      let from = 0;
      for (const found of piece.matchAll(pattern)) {
        const about = terms[found[0]] ?? terms[found[0].toLowerCase()];
        if (!about || met.has(about[0])) continue;
        met.set(about[0], node);
        const end = found.index + found[0].length;
        const mark = /^[.,;:!?)]?/.exec(piece.slice(end))[0]; // these stay on the line of their word, as a bracket before it does
        const before = piece.slice(from, found.index).replace(/[([“]$/, "");
        const whole = element("span", "term-end");
        whole.append(piece.slice(from + before.length, found.index), termButton(root, found[0], about), mark);
        node.append(before, whole);
        from = end + mark.length;
      }
      node.append(piece.slice(from));
      return undefined;
    });
    queueMicrotask(() => rove(root)); // once it stands where it belongs
    return node;
  };
}

function termButton(root, word, [name, about]) {
  const made = element("button", "term", word);
  made.type = "button";
  made.setAttribute("aria-description", about);
  made.about = { name, about };
  let timer = null;
  const later = (run) => {
    clearTimeout(timer);
    timer = setTimeout(run, REST);
  };
  made.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && later(() => showTerm(root, made)));
  made.addEventListener("pointerleave", () => later(() => !termBubble(root).matches(":hover") && !made.matches(":focus-visible") && hideTerm(root, made)));
  made.addEventListener("focus", () => made.matches(":focus-visible") && showTerm(root, made));
  made.addEventListener("blur", () => hideTerm(root, made));
  made.addEventListener("click", (event) => {
    event.stopPropagation(); // a word in something that is pressed presses only itself
    showTerm(root, made);
  });
  made.addEventListener("keydown", (event) => keyOnTerm(root, made, event));
  return made;
}

function keyOnTerm(root, made, event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const isOpen = termBubble(root).matches(":popover-open");
  if (event.key === "Escape" && isOpen) hideTerm(root, made);
  else if (step) {
    const all = reachable(root);
    all[(all.indexOf(made) + step + all.length) % all.length].focus();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

// Words that can be focused now: those of a closed fold cannot.
const reachable = (root) => [...root.querySelectorAll("button.term")].filter((word) => !word.closest("details:not([open])") || word.closest("summary"));

// The first word is a Tab stop, and the first in each fold; so is one that has the focus.
function rove(root) {
  const first = new Set();
  for (const word of root.querySelectorAll("button.term")) {
    const fold = word.closest("details") ?? root;
    word.tabIndex = first.has(fold) ? -1 : 0;
    first.add(fold);
  }
}

// One bubble a root, in the top layer: nothing cuts it off.
function termBubble(root) {
  let made = root.querySelector(":scope > .term-bubble");
  if (made) return made;
  made = element("div", "term-bubble");
  made.popover = "manual";
  made.setAttribute("role", "tooltip");
  made.dataset.unseen = ""; // on paper and in a picture
  made.append(element("b"), element("span"));
  made.addEventListener("pointerleave", () => made.of && !made.of.matches(":hover, :focus-visible") && hideTerm(root, made.of));
  root.append(made);
  return made;
}

function showTerm(root, word) {
  if (!word.isConnected) return;
  const bubble = termBubble(root);
  bubble.of = word;
  bubble.firstChild.textContent = word.about.name;
  bubble.lastChild.textContent = word.about.about;
  if (!bubble.matches(":popover-open")) bubble.showPopover();
  const at = word.getBoundingClientRect();
  const { width, height } = bubble.getBoundingClientRect();
  const under = at.bottom + 6;
  const isOver = under + height > innerHeight && at.top > height + 6;
  bubble.style.left = `${Math.max(8, Math.min(at.left, document.documentElement.clientWidth - width - 8))}px`;
  bubble.style.top = `${isOver ? at.top - height - 6 : under}px`;
  word.setAttribute("aria-expanded", "true");
  const away = (event) => {
    if (event.type === "scroll" || (event.type === "pointerdown" && !event.composedPath().includes(word) && !event.composedPath().includes(bubble))) hideTerm(root, word);
  };
  bubble.away?.abort();
  bubble.away = new AbortController();
  for (const type of ["scroll", "pointerdown"]) document.addEventListener(type, away, { capture: true, signal: bubble.away.signal });
}

function hideTerm(root, word) {
  const bubble = termBubble(root);
  if (bubble.of !== word) return;
  bubble.away?.abort();
  if (bubble.matches(":popover-open")) bubble.hidePopover();
  word.removeAttribute("aria-expanded");
}

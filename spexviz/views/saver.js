// Saver: the quiet buttons under a picture or a table that hand it over as a file, made here in the browser.

// `kinds`: { "SVG": async () => Blob, … }; `what`: what is saved, for who hears it; `name`: of the file.
function saver(what, name, kinds) {
  const bar = element("div", "saver");
  bar.dataset.unseen = ""; // not part of the picture
  bar.setAttribute("role", "toolbar"); // one Tab stop, arrow keys between
  bar.setAttribute("aria-label", `Save this ${what}`);
  bar.append(element("span", "", "Save as"));
  for (const [kind, make] of Object.entries(kinds)) {
    const made = element("button", "", kind);
    made.type = "button";
    made.setAttribute("aria-label", `Save this ${what} as ${kind}`);
    made.tabIndex = bar.children.length > 1 ? -1 : 0;
    made.addEventListener("click", async () => {
      try {
        handOver(await make(), `${name}.${kind.toLowerCase()}`);
      } catch (error) {
        bar.firstChild.textContent = `This browser cannot save it as ${kind}: choose another.`;
      }
    });
    bar.append(made);
  }
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: "previousElementSibling", ArrowRight: "nextElementSibling" }[event.key];
    const next = step && event.target[step];
    if (!next?.matches("button")) return;
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
    event.preventDefault();
  });
  return bar;
}

function handOver(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// A name that every file system takes.
const fileName = (...parts) => ["spexviz", ...parts].join(" ").toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 80).replace(/-$/, "");

// The same for a picture; `root()`: what holds it.
function pictureSaver(root, title) {
  return saver("picture", fileName(title), {
    SVG: async () => new Blob([snapshot(root()).text], { type: "image/svg+xml" }),
    PNG: () => painted(snapshot(root())),
  });
}

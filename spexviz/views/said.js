// Said: the sentence about what is selected, in a place whose height no sentence changes, and a way to take the selection back.
function saidBox(clear) {
  const box = element("div", "said");
  box.dataset.unseen = ""; // on paper and in a picture
  const button = element("button", "clear", "Clear");
  button.type = "button";
  button.setAttribute("aria-label", "Clear selection");
  button.addEventListener("click", clear);
  box.append(button, element("p", "read"));
  return box;
}

// `text`: what stands in the box; `isChosen`: something is selected; `isTold`: it is what is said of that, in which `tell`
// explains the words of the field.
function say(box, text, isChosen, isTold, tell) {
  box.classList.toggle("chosen", isChosen);
  box.classList.toggle("told", isTold);
  box.setAttribute("aria-live", isTold ? "polite" : "off"); // what is pointed at has its own label
  const read = box.querySelector(".read");
  if (isTold) tell(read, text);
  else read.textContent = text;
}

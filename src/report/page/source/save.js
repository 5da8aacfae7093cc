// The picture as a file of its own, with its look inside it.

const LOOK = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "stroke-opacity",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "font-style",
  "text-anchor",
  "paint-order",
  "visibility",
];

/** A run of up to so many events is saved whole; of a longer one what is on the screen. */
const WHOLE = 500;

/** The diagram as it is drawn, as the text of an SVG file. */
export function svgText(diagram) {
  const shown = diagram.svg.node();
  const copy = shown.cloneNode(true);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("viewBox", `0 0 ${diagram.width} ${diagram.height}`);
  copy.removeAttribute("tabindex");
  const [from, to] = [shown.querySelectorAll("*"), copy.querySelectorAll("*")];
  from.forEach((element, place) => {
    const style = getComputedStyle(element);
    for (const name of LOOK) {
      const value = style.getPropertyValue(name);
      if (value) to[place].setAttribute(name, value);
    }
    to[place].removeAttribute("class");
  });
  const layers = shown.querySelectorAll("g");
  [...copy.querySelectorAll("g")].forEach(
    (layer, place) => layers[place].matches(".overview, .veil") && layer.remove(),
  );
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  ground.setAttribute("width", "100%");
  ground.setAttribute("height", "100%");
  ground.setAttribute("fill", getComputedStyle(diagram.element).backgroundColor);
  copy.insertBefore(ground, copy.firstChild);
  return new XMLSerializer().serializeToString(copy);
}

export function saveSvg(diagram, title) {
  const name =
    title
      .replace(/[^\p{L}\p{N}]+/gu, "_")
      .replace(/^_|_$/g, "")
      .slice(0, 80) || "run";
  const back = diagram.whole(WHOLE);
  const text = svgText(diagram);
  back();
  const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `${name}.svg`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

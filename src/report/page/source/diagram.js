// The space-time diagram: a column for each node, time downwards. Only what is in the window is drawn.
import { select } from "d3-selection";
import { zoom, zoomIdentity } from "d3-zoom";
import {
  drawAxis,
  drawBands,
  drawCone,
  drawHeads,
  drawLines,
  drawOverview,
  drawSections,
} from "./backdrop.js";
import { drawArrows, drawChosen, drawMarks } from "./events.js";
import { drawLabels } from "./labels.js";
import { bands, firstBelow, heights, Spans } from "./layout.js";
import { FOOT, HEAD, LEFT, NETWORK, RIGHT } from "./measures.js";
import { cut, duration, sentence } from "./words.js";

export class Diagram {
  /** `host` is told what happens here: `choose(index)`, `moved()`, `drawn()`; it has the `side` of two runs. */
  constructor(element, run, host) {
    Object.assign(this, {
      element,
      run,
      host,
      view: "rows",
      pan: 0,
      selected: -1,
      cones: null,
      hidden: new Set(),
      nodesHidden: new Set(),
    });
    this.matches = null;
    this.until = -1;
    this.alarms = new Map();
    this.difference = -1;
    this.bands = bands(run);
    this.colours = new Map();
    for (let i = 0; i < run.count; i++) {
      const kind = run.kind[i] === run.kindOf.send ? run.messageKind(i) : undefined;
      if (kind !== undefined && !this.colours.has(kind)) this.colours.set(kind, this.colours.size % 8);
    }
    this.build();
    this.lay("rows");
    new ResizeObserver(() => this.resize()).observe(element);
  }

  build() {
    this.svg = select(this.element).append("svg").attr("role", "img").attr("tabindex", 0);
    this.svg.append("title").text("Space-time diagram: a column for each node, time downwards");
    const hatch = this.svg.append("defs").append("pattern");
    hatch
      .attr("id", `hatch-${this.host.side}`)
      .attr("width", 6)
      .attr("height", 6)
      .attr("patternUnits", "userSpaceOnUse");
    hatch.attr("patternTransform", "rotate(45)").append("line").attr("class", "hatch").attr("y2", 6);
    this.layers = {};
    for (const name of [
      "lines",
      "bands",
      "cone",
      "sections",
      "links",
      "arrows",
      "marks",
      "labels",
      "chosen",
      "veil",
      "axis",
      "heads",
      "overview",
    ]) {
      this.layers[name] = this.svg.append("g").attr("class", name);
    }
    this.tip = select(this.element).append("div").attr("class", "tip").attr("aria-hidden", "true");
    this.zoom = zoom()
      .scaleExtent([1e-4, 40])
      .filter((event) => event.type !== "wheel" && !event.button)
      .constrain((transform) => this.constrained(transform))
      .on("zoom", (event) => this.zoomed(event));
    this.transform = zoomIdentity.translate(0, HEAD + 14);
    this.svg.call(this.zoom).on("dblclick.zoom", null);
    this.svg.on("wheel", (event) => this.wheel(event), { passive: false });
    this.svg.on("click", (event) => this.clicked(event));
    this.svg
      .on("pointermove", (event) => this.hover(event))
      .on("pointerleave", () => this.tip.classed("open", false));
    this.layers.overview
      .on("pointerdown", (event) => this.jumped(event))
      .on("pointermove", (event) => event.buttons && this.jumped(event));
  }

  // Size and place ---------------------------------------------------------------------------------------------------

  resize() {
    if (this.paper) return;
    const { width, height } = this.element.getBoundingClientRect();
    if (width === this.width && height === this.height) return;
    const first = this.width === undefined;
    Object.assign(this, { width, height });
    this.svg.attr("width", width).attr("height", height);
    // Nobody has moved anything: the other of two runs stays where it is.
    this.still = true;
    if (first) this.start();
    else this.move(this.transform);
    this.still = false;
  }

  /** The run as it is first shown: readable, and whole where it is short. */
  start() {
    const room = this.height - HEAD - FOOT - 14;
    const k = this.layout.last > 0 ? Math.max(1, Math.min(room / this.layout.last, 1.8)) : 1;
    this.move(zoomIdentity.translate(0, HEAD + 14).scale(k));
    if (this.selected >= 0) this.reveal(this.selected);
  }

  lay(view) {
    this.view = view;
    this.layout = heights(this.run, view);
    const { y } = this.layout;
    const end = (i) => (i >= 0 ? y[i] : this.layout.last + 10);
    this.arrows = new Spans(this.run.arrows, (arrow) => [y[arrow.from], end(arrow.to)]);
    const isSection = (band) => band.kind === "inside";
    this.sections = new Spans(this.bands.filter(isSection), (band) => [y[band.from], end(band.to)]);
    this.faults = new Spans(
      this.bands.filter((band) => !isSection(band)),
      (band) => [y[band.from], end(band.to)],
    );
  }

  setView(view) {
    const anchor = this.selected >= 0 ? this.selected : this.topmost();
    this.lay(view);
    this.start();
    if (anchor > 0) this.reveal(anchor, true);
  }

  topmost() {
    return this.run.count
      ? this.layout.at(
          Math.min(firstBelow(this.layout, this.run.count, this.unscaled(HEAD)), this.run.count - 1),
        )
      : -1;
  }

  constrained(transform) {
    const long = this.layout.last * transform.k;
    const top = HEAD + 14;
    const lowest = Math.min(top, (this.height ?? 0) - FOOT - long);
    const y = Math.max(lowest, Math.min(top, transform.y));
    return zoomIdentity.translate(0, y).scale(transform.k);
  }

  move(transform) {
    this.svg.call(this.zoom.transform, this.constrained(transform));
  }

  zoomed({ transform, sourceEvent }) {
    this.transform = transform;
    if (sourceEvent?.type === "mousemove" && sourceEvent.movementX) this.panBy(sourceEvent.movementX);
    this.tip.classed("open", false);
    this.schedule();
    if (!this.still) this.host.moved();
  }

  panBy(distance) {
    const { overflow } = this.columns();
    this.pan = Math.max(-overflow, Math.min(0, this.pan + distance));
    this.schedule();
  }

  wheel(event) {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 18 : event.deltaMode === 2 ? this.height : 1;
    if (event.ctrlKey || event.metaKey) {
      this.zoom.scaleBy(this.svg, 2 ** (-event.deltaY * unit * 0.008), [0, event.offsetY]);
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.panBy(-(event.deltaX || event.deltaY) * unit);
    } else {
      this.scrollBy(event.deltaY * unit);
    }
  }

  scrollBy(distance) {
    this.zoom.translateBy(this.svg, 0, -distance / this.transform.k);
  }

  zoomBy(factor) {
    const anchor = this.selected >= 0 ? this.y(this.selected) : this.height / 2;
    const inside = anchor > HEAD && anchor < this.height ? anchor : this.height / 2;
    this.zoom.scaleBy(this.svg, factor, [0, inside]);
  }

  fit() {
    const room = this.height - HEAD - FOOT - 14;
    this.move(
      zoomIdentity.translate(0, HEAD + 14).scale(Math.min(2.5, room / Math.max(1, this.layout.last))),
    );
  }

  /** Brings an event into the window. */
  reveal(index, centre = false) {
    this.place();
    const x = this.x(this.run.node[index]);
    if (x < LEFT) this.panBy(LEFT + this.gap - x);
    else if (x > this.width - RIGHT) this.panBy(this.width - RIGHT - this.gap - x);
    const y = this.y(index);
    if (!centre && y > HEAD + 24 && y < this.height - FOOT - 24) return;
    const { k } = this.transform;
    this.move(zoomIdentity.translate(0, this.height * 0.42 - k * this.layout.y[index]).scale(k));
  }

  /** The event that stands in the middle of the window, or nearest to it. */
  middle() {
    const place = firstBelow(this.layout, this.run.count, this.unscaled(this.height / 2));
    return this.run.count ? this.layout.at(Math.min(place, this.run.count - 1)) : -1;
  }

  /** Puts an event at a height of the screen. */
  put(index, y, k) {
    this.move(zoomIdentity.translate(0, y - k * this.layout.y[index]).scale(k));
  }

  columns() {
    const shown = this.run.nodes.map((_, node) => node).filter((node) => !this.nodesHidden.has(node));
    const room = this.width - LEFT - RIGHT;
    const gap = Math.max(44, Math.min(room / Math.max(1, shown.length), 260));
    const overflow = Math.max(0, gap * shown.length - room);
    const start = LEFT + Math.max(0, (room - gap * shown.length) / 2);
    return { shown, gap, overflow, start };
  }

  place() {
    const { shown, gap, start, overflow } = this.columns();
    this.pan = Math.max(-overflow, Math.min(0, this.pan));
    this.gap = gap;
    this.columnX = new Float64Array(this.run.nodes.length).fill(NaN);
    shown.forEach((node, column) => (this.columnX[node] = start + this.pan + (column + 0.5) * gap));
    // Of many columns only those in the window are drawn.
    this.shown = shown.filter(
      (node) => this.columnX[node] > LEFT - 2 * gap && this.columnX[node] < this.width + 2 * gap,
    );
  }

  outside(...places) {
    return places.every((x) => x < LEFT - 20) || places.every((x) => x > this.width + 20);
  }

  x(node) {
    return node >= 0 && node < this.columnX.length ? this.columnX[node] : NETWORK;
  }

  y(index) {
    return this.transform.y + this.transform.k * this.layout.y[index];
  }

  /** The height at zoom 1 of a place on the screen. */
  unscaled(y) {
    return (y - this.transform.y) / this.transform.k;
  }

  bottom() {
    return this.transform.y + this.transform.k * (this.layout.last + 10);
  }

  /** Where an arrow begins and ends; nothing when one of its nodes is not shown. */
  ends(arrow) {
    const { run } = this;
    const x0 = this.x(run.node[arrow.from]);
    const y0 = this.y(arrow.from);
    const target = arrow.to >= 0 && run.node[arrow.to] >= 0 ? run.node[arrow.to] : run.to[arrow.from];
    const x = this.x(target);
    if (Number.isNaN(x0) || Number.isNaN(x)) return null;
    const self = target === run.node[arrow.from];
    if (arrow.to < 0)
      return {
        x0,
        y0,
        x1: x0 + (x - x0) * 0.5 + (self ? 14 : 0),
        y1: Math.max(this.bottom(), y0 + 12),
        self: false,
      };
    const y1 = this.y(arrow.to);
    if (arrow.kind === "received") return { x0, y0, x1: x, y1, self };
    // A message for a node that is down gets there; others are lost on their way.
    const far =
      run.reason(arrow.to) === "down" ? Math.max(0.5, 1 - 11 / Math.max(22, Math.abs(x - x0))) : 0.55;
    return { x0, y0, x1: self ? x + 20 : x0 + (x - x0) * far, y1, self: false };
  }

  markX(index) {
    const { run } = this;
    const kind = run.kindName(index);
    if (kind === "drop" && run.sender[index] >= 0) {
      return this.ends({ from: run.sender[index], to: index, kind: "lost" })?.x1 ?? NaN;
    }
    return this.x(run.node[index]);
  }

  // Drawing ----------------------------------------------------------------------------------------------------------

  schedule() {
    if (this.pending || this.width === undefined) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = undefined;
      this.draw();
    });
  }

  draw() {
    if (!(this.width > 0) || !(this.height > HEAD)) return;
    this.place();
    const [top, bottom] = [this.unscaled(HEAD - 12), this.unscaled(this.height + 12)];
    drawBands(this, top, bottom);
    drawLines(this);
    drawCone(this);
    drawSections(this, top, bottom);
    const arrows = drawArrows(this, top, bottom);
    const marks = drawMarks(this, top, bottom);
    drawLabels(this, arrows, marks);
    drawChosen(this);
    drawAxis(this, marks);
    drawHeads(this);
    drawOverview(this);
    this.drawn = { arrows, marks };
    this.host.drawn();
  }

  // Choosing ---------------------------------------------------------------------------------------------------------

  jumped(event) {
    event.stopPropagation();
    event.preventDefault();
    const share = (event.offsetY - HEAD) / (this.height - HEAD);
    const { k } = this.transform;
    this.move(
      zoomIdentity
        .translate(0, HEAD + (this.height - HEAD) / 2 - share * (this.layout.last + 24) * k)
        .scale(k),
    );
  }

  /** The event whose mark is nearest to a place on the screen. */
  nearest(x, y, most) {
    let best = -1;
    let least = most * most;
    for (const mark of this.drawn?.marks ?? []) {
      const far = (mark.x - x) ** 2 + (mark.y - y) ** 2;
      if (far <= least) [best, least] = [mark.index, far];
    }
    return best;
  }

  under(event) {
    const near = this.nearest(event.offsetX, event.offsetY, 11);
    if (near >= 0) return near;
    const arrow = event.target.__data__?.arrow;
    if (!arrow) return -1;
    return arrow.to >= 0 && arrow.to !== this.selected ? arrow.to : arrow.from;
  }

  clicked(event) {
    if (event.defaultPrevented || event.offsetY < HEAD || event.offsetX > this.width - 16) return;
    const index = this.under(event);
    if (index >= 0) this.host.choose(index);
  }

  hover(event) {
    const index = event.buttons ? -1 : this.under(event);
    const open = index >= 0 && event.offsetY > HEAD;
    this.tip.classed("open", open);
    if (!open) return;
    this.tip.text(`#${index}  ${duration(this.run.time[index])}  ${cut(sentence(this.run, index), 160)}`);
    const left = Math.min(event.offsetX + 14, this.width - 260);
    this.tip.style("left", `${Math.max(0, left)}px`).style("top", `${event.offsetY + 16}px`);
  }

  /** On paper the picture is as wide as the sheet, whatever the window was; `all` of it, if that is readable. */
  forPaper(on, all) {
    if (on && !this.paper) this.paper = this.whole(all ? Infinity : 0);
    else if (!on && this.paper) this.paper = this.paper();
    this.svg.attr("viewBox", on ? `0 0 ${this.width} ${this.height}` : null);
  }

  /** Draws all of a run of up to so many events, however high that is. Gives what undoes it. */
  whole(most) {
    const { height, transform } = this;
    if (this.run.count > most) return () => undefined;
    this.height = HEAD + 14 + transform.k * (this.layout.last + 10) + 12;
    this.transform = zoomIdentity.translate(0, HEAD + 14).scale(transform.k);
    this.svg.attr("height", this.height);
    this.draw();
    return () => {
      Object.assign(this, { height, transform });
      this.svg.attr("height", height);
      this.draw();
      return undefined;
    };
  }

  describe() {
    this.svg.attr(
      "aria-label",
      this.selected >= 0
        ? `Space-time diagram. Event ${this.selected}: ${sentence(this.run, this.selected)}`
        : "Space-time diagram",
    );
  }
}

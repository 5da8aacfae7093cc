// The space-time diagram: a column for each node, time downwards. Only what is in the window is drawn.
import { axisLeft } from "d3-axis";
import { scaleLinear } from "d3-scale";
import { select } from "d3-selection";
import { zoom, zoomIdentity } from "d3-zoom";
import { bands, firstBelow, heights, Spans } from "./layout.js";
import { MARKS } from "./marks.js";
import { brief, cut, duration, particulars, plain, sentence } from "./words.js";

const HEAD = 34;
const FOOT = 28;
const LEFT = 92;
const RIGHT = 26;
const NETWORK = 76;
/** So many marks and arrows are drawn at most, about. */
const MOST = 700;

const WEIGHTS = { crash: 7, restart: 6, partition: 7, cut: 6, heal: 6, link: 5, clock: 5, pause: 6, resume: 5, drop: 4, output: 3, request: 3, timer: 2, receive: 1 };

export class Diagram {
  /** `host` is told of choices: `choose(index)`, `moved()`. */
  constructor(element, run, host) {
    Object.assign(this, { element, run, host, view: "rows", pan: 0, selected: -1, cones: null, hidden: new Set(), nodesHidden: new Set() });
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
    hatch.attr("id", `hatch-${this.host.side}`).attr("width", 6).attr("height", 6).attr("patternUnits", "userSpaceOnUse");
    hatch.attr("patternTransform", "rotate(45)").append("line").attr("class", "hatch").attr("y2", 6);
    this.layers = {};
    for (const name of ["lines", "bands", "cone", "sections", "links", "arrows", "marks", "labels", "chosen", "veil", "axis", "heads", "overview"]) {
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
    this.svg.on("pointermove", (event) => this.hover(event)).on("pointerleave", () => this.tip.classed("open", false));
    this.layers.overview.on("pointerdown", (event) => this.jumped(event)).on("pointermove", (event) => event.buttons && this.jumped(event));
  }

  // Size and place ---------------------------------------------------------------------------------------------------

  resize() {
    const { width, height } = this.element.getBoundingClientRect();
    if (width === this.width && height === this.height) return;
    const first = this.width === undefined;
    Object.assign(this, { width, height });
    this.svg.attr("width", width).attr("height", height);
    if (first) this.start();
    else this.move(this.transform);
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
    this.faults = new Spans(this.bands.filter((band) => !isSection(band)), (band) => [y[band.from], end(band.to)]);
  }

  setView(view) {
    const anchor = this.selected >= 0 ? this.selected : this.topmost();
    this.lay(view);
    this.start();
    if (anchor > 0) this.reveal(anchor, true);
  }

  topmost() {
    return this.run.count ? this.layout.at(Math.min(firstBelow(this.layout, this.run.count, this.unscaled(HEAD)), this.run.count - 1)) : -1;
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
    this.host.moved(this);
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
    this.move(zoomIdentity.translate(0, HEAD + 14).scale(Math.min(2.5, room / Math.max(1, this.layout.last))));
  }

  /** Brings an event into the window. */
  reveal(index, centre = false) {
    const y = this.y(index);
    if (!centre && y > HEAD + 24 && y < this.height - FOOT - 24) return;
    const { k } = this.transform;
    this.move(zoomIdentity.translate(0, this.height * 0.42 - k * this.layout.y[index]).scale(k));
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
    this.shown = shown.filter((node) => this.columnX[node] > LEFT - 2 * gap && this.columnX[node] < this.width + 2 * gap);
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
    if (arrow.to < 0) return { x0, y0, x1: x0 + (x - x0) * 0.5 + (self ? 14 : 0), y1: Math.max(this.bottom(), y0 + 12), self: false };
    const y1 = this.y(arrow.to);
    if (arrow.kind === "received") return { x0, y0, x1: x, y1, self };
    // A message for a node that is down gets there; others are lost on their way.
    const far = run.reason(arrow.to) === "down" ? Math.max(0.5, 1 - 11 / Math.max(22, Math.abs(x - x0))) : 0.55;
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
    this.drawBands(top, bottom);
    this.drawLines();
    this.drawCone();
    this.drawSections(top, bottom);
    const arrows = this.drawArrows(top, bottom);
    const marks = this.drawMarks(top, bottom);
    this.drawLabels(arrows, marks);
    this.drawChosen();
    this.drawAxis(marks);
    this.drawHeads();
    this.drawOverview();
    this.drawn = { arrows, marks };
    this.host.drawn(this);
  }

  drawLines() {
    const end = Math.min(this.height, this.bottom());
    const top = Math.max(HEAD, this.transform.y - 10);
    this.layers.lines.selectAll("line").data(this.shown, (node) => node).join("line")
      .attr("x1", (node) => this.x(node)).attr("x2", (node) => this.x(node)).attr("y1", top).attr("y2", end);
  }

  drawBands(top, bottom) {
    const found = [];
    this.faults.each(top, bottom, (band) => found.length < 300 && found.push(band));
    const shapes = found.flatMap((band) => this.bandShapes(band));
    this.layers.bands.selectAll("*").remove();
    for (const shape of shapes) {
      const added = this.layers.bands.append(shape.tag).attr("class", shape.class);
      for (const [name, value] of Object.entries(shape.at)) added.attr(name, value);
      if (shape.text) added.text(shape.text);
    }
  }

  /** From which height to which on the screen something lasts, cut to the window. */
  extent(band) {
    const y0 = Math.max(HEAD, this.y(band.from));
    const y1 = Math.min(this.height + 4, band.to >= 0 ? this.y(band.to) : this.bottom());
    return [y0, Math.max(y0 + 3, y1)];
  }

  bandShapes(band) {
    const [y0, y1] = this.extent(band);
    if (y1 <= HEAD) return [];
    const rect = (name, x, width) => ({ tag: "rect", class: `band ${name}`, at: { x, y: y0, width: Math.max(0, width), height: y1 - y0 } });
    const label = (text, x, anchor = "start") => ({ tag: "text", class: "band-label", at: { x, y: Math.min(y1 - 3, Math.max(y0 + 12, HEAD + 12)), "text-anchor": anchor }, text });
    if (band.node !== undefined) {
      const x = this.x(band.node);
      if (Number.isNaN(x)) return [];
      const half = Math.min(15, this.gap * 0.3);
      const shapes = [rect(band.kind, x - half, 2 * half)];
      if (band.kind === "down") {
        shapes[0].at.fill = `url(#hatch-${this.host.side})`;
        shapes.unshift(rect("blank", x - half, 2 * half));
      }
      return shapes;
    }
    const lane = { ...rect(`lane ${band.kind}`, NETWORK - 5, 10) };
    if (band.kind !== "partition") return [lane, ...this.linkShapes(band, rect, label, y0, y1)];
    return [lane, ...this.partitionShapes(band, rect, label, y0, y1)];
  }

  partitionShapes(band, rect, label, y0, y1) {
    const shapes = [];
    const x = (node) => this.x(node) - this.gap / 2;
    this.shown.forEach((node, column) => {
      shapes.push(rect(`partition group-${(band.group[node] + 6) % 6}`, x(node), this.gap));
      const before = this.shown[column - 1];
      if (before !== undefined && band.group[before] !== band.group[node]) {
        shapes.push({ tag: "line", class: "wall", at: { x1: x(node), x2: x(node), y1: y0, y2: y1 } });
      }
    });
    if (this.shown.length && y1 - y0 > 14) shapes.push(label("partition", x(this.shown[0]) + 4));
    return shapes;
  }

  linkShapes(band, rect, label, y0, y1) {
    const [a, b] = (band.pair ?? []).map((node) => this.x(node));
    if (!(a >= 0) || !(b >= 0) || band.pair.includes(-1)) return [];
    const middle = (a + b) / 2;
    const words = `${band.kind} ${band.pair.map((node) => plain(this.run.name(node))).join(band.oneWay ? " \u2192 " : " \u2013 ")}`;
    return [rect(band.kind, Math.min(a, b) + 6, Math.abs(a - b) - 12), ...(y1 - y0 > 14 ? [label(words, middle, "middle")] : [])];
  }

  drawSections(top, bottom) {
    const found = [];
    this.sections.each(top, bottom, (band) => !Number.isNaN(this.x(band.node)) && found.length < 400 && found.push(band));
    this.layers.sections.selectAll("rect").data(found).join("rect").attr("class", "inside").attr("rx", 4)
      .attr("x", (band) => this.x(band.node) - 6).attr("width", 12)
      .attr("y", (band) => this.extent(band)[0]).attr("height", (band) => { const [y0, y1] = this.extent(band); return y1 - y0; });
  }

  /** How an event stands to what is selected and searched: a class name. */
  tone(index) {
    const { cones, matches } = this;
    let name = "";
    if (matches && index >= 0 && !matches[index]) name += " dim";
    if (cones?.only && index >= 0 && !cones.only.has(cones.relation(index))) name += " faint";
    return name;
  }

  /** The arrows in the window; of too many every second, third, ... one. */
  arrowsBetween(top, bottom) {
    const { run } = this;
    const hidden = (i) => i >= 0 && this.hidden.has(run.kind[i]);
    const own = (arrow) => this.selected >= 0 && (arrow.from === this.selected || arrow.to === this.selected);
    let count = 0;
    this.arrows.each(top, bottom, () => count++);
    const every = Math.ceil(count / MOST);
    this.crowded = every > 1;
    const found = [];
    let next = 0;
    this.arrows.each(top, bottom, (arrow) => {
      const mine = own(arrow);
      if (next++ % every !== 0 && !mine) return;
      if (hidden(arrow.from) || hidden(arrow.to)) return;
      const ends = this.ends(arrow);
      if (ends && !this.outside(ends.x0, ends.x1)) found.push({ arrow, ends, own: mine });
    });
    return found;
  }

  drawArrows(top, bottom) {
    const found = this.arrowsBetween(top, bottom);
    const look = ({ arrow, own }) => {
      const colour = this.colours.get(this.run.messageKind(arrow.from)) ?? 0;
      const copy = arrow.kind === "received" && (this.run.fates.get(arrow.from)?.indexOf(arrow.to) ?? 0) > 0;
      return `arrow ${arrow.kind.replace(" ", "-")} c${colour}${copy ? " copy" : ""}${own ? " own" : ""}${this.tone(arrow.to >= 0 ? arrow.to : arrow.from)}`;
    };
    this.layers.arrows.selectAll("path").data(found, ({ arrow }) => `${arrow.from} ${arrow.to}`).join("path")
      .attr("class", look).attr("d", ({ arrow, ends }) => path(ends, arrow.kind === "received"));
    return found;
  }

  /** How much an event matters where not all of them can be shown. */
  weight(index) {
    if (index === this.selected) return 9;
    if (this.alarms.has(index)) return 8;
    return WEIGHTS[this.run.kindName(index)] ?? 0;
  }

  drawMarks(top, bottom) {
    const { run, layout } = this;
    const found = [];
    const taken = new Map();
    const first = firstBelow(layout, run.count, top);
    const last = firstBelow(layout, run.count, bottom);
    const crowded = last - first > MOST;
    // Where it is crowded each piece of a node's line has one mark, that of what matters most.
    const piece = Math.max(4, (this.height * (this.shown.length + 1)) / MOST);
    for (let place = first; place < last; place++) {
      const index = layout.at(place);
      if (this.hidden.has(run.kind[index])) continue;
      const y = this.y(index);
      const key = crowded ? run.node[index] * 1e5 + Math.round(y / piece) : place;
      const other = taken.get(key);
      if (other !== undefined && this.weight(other) >= this.weight(index)) continue;
      taken.set(key, index);
    }
    if (crowded) this.crowded = true;
    for (const index of taken.values()) {
      const x = this.markX(index);
      if (!Number.isNaN(x) && (x === NETWORK || !this.outside(x))) found.push({ index, x, y: this.y(index) });
    }
    const look = ({ index }) => `mark k-${run.kindName(index)}${this.alarms.has(index) ? " alarm" : ""}${this.tone(index)}`;
    this.layers.marks.selectAll("path").data(found, ({ index }) => index).join("path")
      .attr("class", look).attr("d", ({ index }) => MARKS[run.kindName(index)] ?? MARKS.note)
      .attr("transform", ({ x, y }) => `translate(${round(x)},${round(y)})`);
    return found;
  }

  drawLabels(arrows, marks) {
    const texts = [];
    const { run } = this;
    const last = this.columns().shown.at(-1);
    const space = (node, x) => Math.floor(((node === last ? this.width - x - 20 : this.gap) - 24) / 6.2);
    const taken = new Map();
    const free = (node, y) => {
      const own = taken.get(node) ?? [];
      if (own.some((other) => Math.abs(other - y) < 11)) return false;
      taken.set(node, [...own, y]);
      return true;
    };
    if (this.gap >= 52 && marks.length < 500) {
      for (const { index, x, y } of marks) {
        const kind = run.kindName(index);
        const words = label(run, index, kind);
        if (words && y > HEAD && free(run.node[index], y)) {
          texts.push({ key: `m${index}`, class: `k-${kind}${this.tone(index)}`, x: x + 11, y: y + 3.5, text: cut(words, Math.max(3, Math.min(space(run.node[index], x), 38))), anchor: "start", turn: 0 });
        }
      }
    }
    if (this.gap >= 76 && arrows.length < 160) {
      // The selected arrows' labels first: of two that would cover each other the first stays.
      const boxes = [];
      for (const found of [...arrows].sort((a, b) => Number(b.own) - Number(a.own))) {
        for (const text of this.arrowLabel(found)) {
          const wide = text.text.length * 3 + 4;
          if (boxes.some((box) => Math.abs(box.x - text.x) < box.wide + wide && Math.abs(box.y - text.y) < 11)) continue;
          boxes.push({ x: text.x, y: text.y, wide });
          texts.push(text);
        }
      }
    }
    this.layers.labels.selectAll("text").data(texts, ({ key }) => key).join("text")
      .attr("class", (text) => text.class).attr("text-anchor", (text) => text.anchor)
      .attr("transform", ({ x, y, turn }) => `translate(${round(x)},${round(y)})${turn ? ` rotate(${round(turn)})` : ""}`)
      .text(({ text }) => text);
  }

  arrowLabel({ arrow, ends, own }) {
    const long = Math.hypot(ends.x1 - ends.x0, ends.y1 - ends.y0);
    const words = [plain(this.run.messageKind(arrow.from) ?? "")];
    if (arrow.kind === "lost") words.push(this.run.reason(arrow.to) === "loss" ? "lost" : plain(this.run.reason(arrow.to) ?? "lost"));
    const texts = [];
    const key = `${arrow.from} ${arrow.to}`;
    const tone = `${own ? " own" : ""}${this.tone(arrow.to >= 0 ? arrow.to : arrow.from)}`;
    const text = cut(words[0], 18);
    if (ends.self || long > text.length * 6 + 30) {
      const share = 0.68;
      let turn = (Math.atan2(ends.y1 - ends.y0, ends.x1 - ends.x0) * 180) / Math.PI;
      if (turn > 90) turn -= 180;
      if (turn < -90) turn += 180;
      // Above the line, whichever way it runs.
      const [dx, dy] = [Math.sin((turn * Math.PI) / 180) * 4, -Math.cos((turn * Math.PI) / 180) * 4];
      const x = ends.self ? ends.x0 + 24 : ends.x0 + (ends.x1 - ends.x0) * share + dx;
      const y = ends.self ? (ends.y0 + ends.y1) / 2 : ends.y0 + (ends.y1 - ends.y0) * share + dy;
      const colour = this.colours.get(this.run.messageKind(arrow.from)) ?? 0;
      texts.push({ key: `a${key}`, class: `message c${colour}${tone}`, x, y, text, anchor: ends.self ? "start" : "middle", turn: ends.self ? 0 : turn });
    }
    if (words[1]) {
      const right = ends.x1 >= ends.x0;
      texts.push({ key: `w${key}`, class: `reason${tone}`, x: ends.x1 + (right ? 8 : -8), y: ends.y1 + 3.5, text: cut(words[1], 20), anchor: right ? "start" : "end", turn: 0 });
    }
    return texts;
  }

  /** What happened before the selected event, and what after it, along each node's line. */
  drawCone() {
    const lines = [];
    if (this.cones) {
      for (const node of this.shown) {
        const own = this.run.own[node];
        const known = this.cones.clock[node];
        const after = this.cones.after[node];
        if (known > 0) lines.push({ node, name: "past", y0: this.y(own[0]) - 6, y1: this.y(own[known - 1]) });
        if (after < own.length) lines.push({ node, name: "future", y0: this.y(own[after]), y1: this.y(own[own.length - 1]) + 6 });
      }
    }
    this.layers.cone.selectAll("line").data(lines).join("line").attr("class", ({ name }) => name)
      .attr("x1", ({ node }) => this.x(node)).attr("x2", ({ node }) => this.x(node))
      .attr("y1", ({ y0 }) => clamp(y0, HEAD, this.height)).attr("y2", ({ y1 }) => clamp(y1, HEAD, this.height));
  }

  drawChosen() {
    const { run, selected } = this;
    const index = selected >= 0 && !Number.isNaN(this.markX(selected)) ? [selected] : [];
    const inside = (y) => y > HEAD - 4;
    const lines = [...index, ...(this.difference >= 0 && this.difference < run.count ? [{ difference: this.difference }] : [])];
    this.layers.chosen.selectAll("*").remove();
    for (const line of lines) {
      const at = typeof line === "number" ? line : line.difference;
      if (!inside(this.y(at))) continue;
      const kind = typeof line === "number" ? "now" : "difference";
      const offset = kind === "difference" ? -8 : 0;
      this.layers.chosen.append("line").attr("class", kind).attr("x1", LEFT - 28).attr("x2", this.width - RIGHT).attr("y1", this.y(at) + offset).attr("y2", this.y(at) + offset);
      if (kind === "difference") {
        this.layers.chosen.append("text").attr("class", "difference").attr("x", this.width - RIGHT - 4).attr("y", this.y(at) + offset - 4).attr("text-anchor", "end").text("first difference");
      }
    }
    const links = index.flatMap((at) => [[run.cause[at], at], ...[...run.effects(at)].slice(0, 60).map((effect) => [at, effect])]);
    for (const [cause, effect] of links) {
      if (cause < 0 || run.sender[effect] === cause) continue;
      const [x0, y0, x1, y1] = [this.markX(cause), this.y(cause), this.markX(effect), this.y(effect)];
      if ([x0, x1].some(Number.isNaN) || Math.max(y0, y1) < HEAD) continue;
      const side = Math.min(26, 10 + Math.abs(y1 - y0) * 0.12);
      this.layers.chosen.append("path").attr("class", "because").attr("d", `M${round(x0 - 5)},${round(y0)}C${round(x0 - side)},${round(y0)} ${round(x1 - side)},${round(y1)} ${round(x1 - 7)},${round(y1)}`);
    }
    for (const at of index) {
      if (inside(this.y(at))) this.layers.chosen.append("circle").attr("r", 10).attr("cx", this.markX(at) - (run.kindName(at) === "request" ? 8 : 0)).attr("cy", this.y(at));
    }
    this.layers.veil.selectAll("rect").data(this.until >= 0 && this.until < run.count ? [this.y(this.until) + 8] : []).join("rect")
      .attr("x", LEFT - 30).attr("width", Math.max(0, this.width - LEFT - RIGHT + 32)).attr("y", (y) => clamp(y, HEAD, this.height)).attr("height", (y) => this.height - clamp(y, HEAD, this.height));
  }

  drawAxis() {
    const { run, layout } = this;
    const ticks = [];
    if (this.view === "real" && run.count) {
      const scale = scaleLinear().domain([0, run.time[run.count - 1] || 1]).range([this.transform.y, this.transform.y + this.transform.k * layout.last]);
      const shown = scale.copy().domain([HEAD, this.height].map(scale.invert)).range([HEAD, this.height]);
      for (const time of shown.ticks(Math.max(2, Math.round(this.height / 60)))) {
        if (time >= 0 && shown(time) <= this.bottom()) ticks.push([shown(time), duration(time, 6)]);
      }
    } else {
      let next = HEAD + 8;
      for (let y = next; y < this.height && ticks.length < 100; y = next) {
        const place = firstBelow(layout, run.count, this.unscaled(y));
        if (place >= run.count) break;
        const index = layout.at(place);
        ticks.push([this.y(index), this.view === "logical" ? `L ${run.lamport[index] || "\u2013"}` : duration(run.time[index], 5)]);
        next = Math.max(this.y(index), y) + 34;
      }
    }
    const words = new Map(ticks);
    const axis = axisLeft(scaleLinear().domain([0, 1]).range([0, 1])).tickValues([...words.keys()]).tickFormat((at) => words.get(at)).tickSize(4);
    this.layers.axis.attr("transform", `translate(${NETWORK - 12},0)`).call(axis);
    this.layers.axis.attr("font-size", null).attr("font-family", null);
  }

  drawHeads() {
    const heads = this.layers.heads;
    heads.selectAll("rect").data([0]).join("rect").attr("width", this.width).attr("height", HEAD);
    const names = this.shown.map((node) => ({ node, x: this.x(node), name: plain(this.run.name(node)) }));
    const most = Math.max(3, Math.floor(this.gap / 7.6));
    heads.selectAll("text").data([{ node: -1, x: NETWORK, name: "net" }, ...names], ({ node }) => node).join("text")
      .attr("x", ({ x }) => x).attr("y", 21).attr("text-anchor", "middle").attr("class", ({ node }) => (node < 0 ? "network" : "node"))
      .attr("opacity", ({ node, x }) => (node >= 0 && x < LEFT - 10 ? 0 : 1))
      .text(({ node, name }) => (node < 0 ? name : cut(name, most)));
  }

  drawOverview() {
    const { overview } = this.layers;
    const [x, room] = [this.width - 14, this.height - HEAD];
    const whole = Math.max(1, this.layout.last + 24);
    const at = (y) => HEAD + (clamp(y, 0, whole) / whole) * room;
    const [top, bottom] = [at(this.unscaled(HEAD)), at(this.unscaled(this.height))];
    overview.selectAll("rect.track").data([0]).join("rect").attr("class", "track").attr("x", x).attr("width", 12).attr("y", HEAD).attr("height", Math.max(0, room));
    overview.selectAll("rect.thumb").data([0]).join("rect").attr("class", "thumb").attr("x", x).attr("width", 12).attr("rx", 3).attr("y", top).attr("height", Math.max(14, bottom - top));
    const ticks = [...this.alarms.keys()].filter((i) => i < this.run.count).map((index) => ({ index, name: "alarm" }));
    if (this.selected >= 0) ticks.push({ index: this.selected, name: "here" });
    if (this.difference >= 0 && this.difference < this.run.count) ticks.push({ index: this.difference, name: "difference" });
    overview.selectAll("rect.tick").data(ticks).join("rect").attr("class", ({ name }) => `tick ${name}`).attr("x", ({ name }) => (name === "here" ? x + 5 : x)).attr("width", ({ name }) => (name === "here" ? 7 : 12)).attr("height", 3)
      .attr("y", ({ index }) => at(this.layout.y[index]) - 1.5);
  }

  // Choosing ---------------------------------------------------------------------------------------------------------

  jumped(event) {
    event.stopPropagation();
    event.preventDefault();
    const share = (event.offsetY - HEAD) / (this.height - HEAD);
    const { k } = this.transform;
    this.move(zoomIdentity.translate(0, HEAD + (this.height - HEAD) / 2 - share * (this.layout.last + 24) * k).scale(k));
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

  describe() {
    this.svg.attr("aria-label", this.selected >= 0 ? `Space-time diagram. Event ${this.selected}: ${sentence(this.run, this.selected)}` : "Space-time diagram");
  }
}

const round = (value) => Math.round(value * 10) / 10;
const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

/** An arrow's line, with its head where it arrives and a cross where it is lost. */
function path({ x0, y0, x1, y1, self }, arrives) {
  if (self) {
    const out = x0 + 30;
    return `M${round(x0)},${round(y0)}C${round(out)},${round(y0)} ${round(out)},${round(y1)} ${round(x1 + 5)},${round(y1)}m6,-3l-6,3l6,3`;
  }
  const line = `M${round(x0)},${round(y0)}L${round(x1)},${round(y1)}`;
  if (!arrives) return line;
  const long = Math.hypot(x1 - x0, y1 - y0) || 1;
  const [ux, uy] = [(x1 - x0) / long, (y1 - y0) / long];
  const [tx, ty] = [x1 - ux * 4, y1 - uy * 4];
  const wing = (side) => `${round(tx - ux * 8 - side * uy * 4)},${round(ty - uy * 8 + side * ux * 4)}`;
  return `${line}M${wing(1)}L${round(tx)},${round(ty)}L${wing(-1)}`;
}

/** What stands beside a mark. */
function label(run, index, kind) {
  switch (kind) {
    case "output":
    case "request":
    case "timer":
      return brief(run.bodyOf(index));
    case "crash":
    case "restart":
    case "pause":
    case "resume":
      return kind;
    case "clock":
      return `clock ${brief(run.bodyOf(index))}`;
    case "note":
      return particulars(run, index);
    default:
      return undefined;
  }
}

// What events stand before: the nodes' lines and names, the axis of time, bands, cones, the overview.
import { axisLeft } from "d3-axis";
import { scaleLinear } from "d3-scale";
import { firstBelow } from "./layout.js";
import { clamp, HEAD, LEFT, NETWORK, some } from "./measures.js";
import { cut, duration, plain } from "./words.js";

export function drawLines(diagram) {
  const end = Math.min(diagram.height, diagram.bottom());
  const top = Math.max(HEAD, diagram.transform.y - 10);
  diagram.layers.lines
    .selectAll("line")
    .data(diagram.shown, (node) => node)
    .join("line")
    .attr("x1", (node) => diagram.x(node))
    .attr("x2", (node) => diagram.x(node))
    .attr("y1", top)
    .attr("y2", end);
}

export function drawBands(diagram, top, bottom) {
  const found = [];
  diagram.faults.each(top, bottom, (band) => found.push(band));
  const shapes = some(found, 300).flatMap((band) => bandShapes(diagram, band));
  diagram.layers.bands.selectAll("*").remove();
  for (const shape of shapes) {
    const added = diagram.layers.bands.append(shape.tag).attr("class", shape.class);
    for (const [name, value] of Object.entries(shape.at)) added.attr(name, value);
    if (shape.text) added.text(shape.text);
  }
}

/** From which height to which on the screen something lasts, cut to the window. */
function extent(diagram, band) {
  const y0 = Math.max(HEAD, diagram.y(band.from));
  const y1 = Math.min(diagram.height + 4, band.to >= 0 ? diagram.y(band.to) : diagram.bottom());
  return [y0, Math.max(y0 + 3, y1)];
}

function bandShapes(diagram, band) {
  const [y0, y1] = extent(diagram, band);
  if (y1 <= HEAD) return [];
  const rect = (name, x, width) => ({
    tag: "rect",
    class: `band ${name}`,
    at: { x, y: y0, width: Math.max(0, width), height: y1 - y0 },
  });
  const label = (text, x, anchor = "start") => ({
    tag: "text",
    class: "band-label",
    at: {
      x,
      y: Math.min(y1 - 4, Math.max(y0 + (anchor === "middle" ? 26 : 12), HEAD + 12)),
      "text-anchor": anchor,
    },
    text,
  });
  if (band.node !== undefined) {
    const x = diagram.x(band.node);
    if (Number.isNaN(x)) return [];
    const half = Math.min(15, diagram.gap * 0.3);
    const shapes = [rect(band.kind, x - half, 2 * half)];
    if (band.kind === "down") {
      shapes[0].at.fill = `url(#hatch-${diagram.host.side})`;
      shapes.unshift(rect("blank", x - half, 2 * half));
    }
    return shapes;
  }
  const lane = { ...rect(`lane ${band.kind}`, NETWORK - 5, 10) };
  if (band.kind !== "partition") return [lane, ...linkShapes(diagram, band, rect, label, y0, y1)];
  return [lane, ...partitionShapes(diagram, band, rect, label, y0, y1)];
}

function partitionShapes(diagram, band, rect, label, y0, y1) {
  const shapes = [];
  const x = (node) => diagram.x(node) - diagram.gap / 2;
  diagram.shown.forEach((node, column) => {
    shapes.push(rect(`partition group-${(band.group[node] + 6) % 6}`, x(node), diagram.gap));
    const before = diagram.shown[column - 1];
    if (before !== undefined && band.group[before] !== band.group[node]) {
      shapes.push({ tag: "line", class: "wall", at: { x1: x(node), x2: x(node), y1: y0, y2: y1 } });
    }
  });
  if (diagram.shown.length && y1 - y0 > 14) shapes.push(label("partition", x(diagram.shown[0]) + 4));
  return shapes;
}

function linkShapes(diagram, band, rect, label, y0, y1) {
  const [a, b] = (band.pair ?? []).map((node) => diagram.x(node));
  if (!(a >= 0) || !(b >= 0) || band.pair.includes(-1)) return [];
  const middle = (a + b) / 2;
  const words = `${band.kind} ${band.pair.map((node) => plain(diagram.run.name(node))).join(band.oneWay ? " \u2192 " : " \u2013 ")}`;
  return [
    rect(band.kind, Math.min(a, b) + 6, Math.abs(a - b) - 12),
    ...(y1 - y0 > 14 ? [label(words, middle, "middle")] : []),
  ];
}

export function drawSections(diagram, top, bottom) {
  const all = [];
  diagram.sections.each(
    top,
    bottom,
    (band) => !Number.isNaN(diagram.x(band.node)) && !diagram.outside(diagram.x(band.node)) && all.push(band),
  );
  const found = some(all, 400);
  diagram.layers.sections
    .selectAll("rect")
    .data(found)
    .join("rect")
    .attr("class", "inside")
    .attr("rx", 4)
    .attr("x", (band) => diagram.x(band.node) - 6)
    .attr("width", 12)
    .attr("y", (band) => extent(diagram, band)[0])
    .attr("height", (band) => {
      const [y0, y1] = extent(diagram, band);
      return y1 - y0;
    });
}

/** What happened before the selected event, and what after it, along each node's line. */
export function drawCone(diagram) {
  const lines = [];
  if (diagram.cones) {
    for (const node of diagram.shown) {
      const own = diagram.run.own[node];
      const known = diagram.cones.clock[node];
      const after = diagram.cones.after[node];
      if (known > 0)
        lines.push({ node, name: "past", y0: diagram.y(own[0]) - 6, y1: diagram.y(own[known - 1]) });
      if (after < own.length)
        lines.push({
          node,
          name: "future",
          y0: diagram.y(own[after]),
          y1: diagram.y(own[own.length - 1]) + 6,
        });
    }
  }
  diagram.layers.cone
    .selectAll("line")
    .data(lines)
    .join("line")
    .attr("class", ({ name }) => name)
    .attr("x1", ({ node }) => diagram.x(node))
    .attr("x2", ({ node }) => diagram.x(node))
    .attr("y1", ({ y0 }) => clamp(y0, HEAD, diagram.height))
    .attr("y2", ({ y1 }) => clamp(y1, HEAD, diagram.height));
}

export function drawAxis(diagram) {
  const { run, layout } = diagram;
  const ticks = [];
  if (diagram.view === "real" && run.count) {
    const scale = scaleLinear()
      .domain([0, run.time[run.count - 1] || 1])
      .range([diagram.transform.y, diagram.transform.y + diagram.transform.k * layout.last]);
    const shown = scale.copy().domain([HEAD, diagram.height].map(scale.invert)).range([HEAD, diagram.height]);
    for (const time of shown.ticks(Math.max(2, Math.round(diagram.height / 60)))) {
      if (time >= 0 && shown(time) <= diagram.bottom()) ticks.push([shown(time), duration(time, 6)]);
    }
  } else {
    let next = HEAD + 8;
    for (let y = next; y < diagram.height && ticks.length < 100; y = next) {
      const place = firstBelow(layout, run.count, diagram.unscaled(y));
      if (place >= run.count) break;
      const index = layout.at(place);
      ticks.push([
        diagram.y(index),
        diagram.view === "logical" ? `L ${run.lamport[index] || "\u2013"}` : duration(run.time[index], 5),
      ]);
      next = Math.max(diagram.y(index), y) + 34;
    }
  }
  const words = new Map(ticks);
  const axis = axisLeft(scaleLinear().domain([0, 1]).range([0, 1]))
    .tickValues([...words.keys()])
    .tickFormat((at) => words.get(at))
    .tickSize(4);
  diagram.layers.axis.attr("transform", `translate(${NETWORK - 12},0)`).call(axis);
  diagram.layers.axis.attr("font-size", null).attr("font-family", null);
}

export function drawHeads(diagram) {
  const heads = diagram.layers.heads;
  heads.selectAll("rect").data([0]).join("rect").attr("width", diagram.width).attr("height", HEAD);
  const names = diagram.shown.map((node) => ({
    node,
    x: diagram.x(node),
    name: plain(diagram.run.name(node)),
  }));
  const most = Math.max(3, Math.floor(diagram.gap / 7.6));
  heads
    .selectAll("text")
    .data([{ node: -1, x: NETWORK, name: "net" }, ...names], ({ node }) => node)
    .join("text")
    .attr("x", ({ x }) => x)
    .attr("y", 21)
    .attr("text-anchor", "middle")
    .attr("class", ({ node }) => (node < 0 ? "network" : "node"))
    .attr("opacity", ({ node, x }) => (node >= 0 && x < LEFT - 10 ? 0 : 1))
    .text(({ node, name }) => (node < 0 ? name : cut(name, most)));
}

export function drawOverview(diagram) {
  const { overview } = diagram.layers;
  const [x, room] = [diagram.width - 14, diagram.height - HEAD];
  const whole = Math.max(1, diagram.layout.last + 24);
  const at = (y) => HEAD + (clamp(y, 0, whole) / whole) * room;
  const [top, bottom] = [at(diagram.unscaled(HEAD)), at(diagram.unscaled(diagram.height))];
  overview
    .selectAll("rect.track")
    .data([0])
    .join("rect")
    .attr("class", "track")
    .attr("x", x)
    .attr("width", 12)
    .attr("y", HEAD)
    .attr("height", Math.max(0, room));
  overview
    .selectAll("rect.thumb")
    .data([0])
    .join("rect")
    .attr("class", "thumb")
    .attr("x", x)
    .attr("width", 12)
    .attr("rx", 3)
    .attr("y", top)
    .attr("height", Math.max(14, bottom - top));
  const ticks = [...diagram.alarms.keys()]
    .filter((i) => i < diagram.run.count)
    .map((index) => ({ index, name: "alarm" }));
  if (diagram.selected >= 0) ticks.push({ index: diagram.selected, name: "here" });
  if (diagram.difference >= 0 && diagram.difference < diagram.run.count)
    ticks.push({ index: diagram.difference, name: "difference" });
  overview
    .selectAll("rect.tick")
    .data(ticks)
    .join("rect")
    .attr("class", ({ name }) => `tick ${name}`)
    .attr("x", ({ name }) => (name === "here" ? x + 5 : x))
    .attr("width", ({ name }) => (name === "here" ? 7 : 12))
    .attr("height", 3)
    .attr("y", ({ index }) => at(diagram.layout.y[index]) - 1.5);
}

// Messages as arrows, events as marks, and what is selected among them.
import { firstBelow } from "./layout.js";
import { MARKS } from "./marks.js";
import { clamp, HEAD, LEFT, MOST, NETWORK, round } from "./measures.js";

const WEIGHTS = {
  crash: 7,
  restart: 6,
  partition: 7,
  cut: 6,
  heal: 6,
  link: 5,
  clock: 5,
  pause: 6,
  resume: 5,
  drop: 4,
  output: 3,
  request: 3,
  timer: 2,
  receive: 1,
};

/** How an event stands to what is selected and searched: a class name. */
export function tone(diagram, index) {
  const { cones, matches } = diagram;
  let name = "";
  if (matches && index >= 0 && !matches[index]) name += " dim";
  if (cones?.only && index >= 0 && !cones.only.has(cones.relation(index))) name += " faint";
  return name;
}

/** The arrows in the window; of too many every second, third, ... one. */
function arrowsBetween(diagram, top, bottom) {
  const { run } = diagram;
  const hidden = (i) => i >= 0 && diagram.hidden.has(run.kind[i]);
  const own = (arrow) =>
    diagram.selected >= 0 && (arrow.from === diagram.selected || arrow.to === diagram.selected);
  let count = 0;
  diagram.arrows.each(top, bottom, () => count++);
  const every = Math.ceil(count / MOST);
  diagram.crowded = every > 1;
  const found = [];
  let next = 0;
  diagram.arrows.each(top, bottom, (arrow) => {
    const mine = own(arrow);
    if (next++ % every !== 0 && !mine) return;
    if (hidden(arrow.from) || hidden(arrow.to)) return;
    const ends = diagram.ends(arrow);
    if (ends && !diagram.outside(ends.x0, ends.x1)) found.push({ arrow, ends, own: mine });
  });
  return found;
}

export function drawArrows(diagram, top, bottom) {
  const found = arrowsBetween(diagram, top, bottom);
  const look = ({ arrow, own }) => {
    const colour = diagram.colours.get(diagram.run.messageKind(arrow.from)) ?? 0;
    const copy = arrow.kind === "received" && (diagram.run.fates.get(arrow.from)?.indexOf(arrow.to) ?? 0) > 0;
    return `arrow ${arrow.kind.replace(" ", "-")} c${colour}${copy ? " copy" : ""}${own ? " own" : ""}${tone(diagram, arrow.to >= 0 ? arrow.to : arrow.from)}`;
  };
  diagram.layers.arrows.classed("crowded", diagram.crowded);
  diagram.layers.arrows
    .selectAll("path")
    .data(found, ({ arrow }) => `${arrow.from} ${arrow.to}`)
    .join("path")
    .attr("class", look)
    .attr("d", ({ arrow, ends }) => path(ends, arrow.kind === "received"));
  return found;
}

/** How much an event matters where not all of them can be shown. */
export function weight(diagram, index) {
  if (index === diagram.selected) return 9;
  if (diagram.alarms.has(index)) return 8;
  if (diagram.matches?.[index]) return 7.5;
  return WEIGHTS[diagram.run.kindName(index)] ?? 0;
}

export function drawMarks(diagram, top, bottom) {
  const { run, layout } = diagram;
  const found = [];
  const taken = new Map();
  const first = firstBelow(layout, run.count, top);
  const last = firstBelow(layout, run.count, bottom);
  const crowded = last - first > MOST;
  // Where it is crowded each piece of a node's line has one mark, that of what matters most.
  const piece = Math.max(4, (diagram.height * (diagram.shown.length + 1)) / MOST);
  for (let place = first; place < last; place++) {
    const index = layout.at(place);
    if (diagram.hidden.has(run.kind[index])) continue;
    const y = diagram.y(index);
    const key = crowded ? run.node[index] * 1e5 + Math.round(y / piece) : place;
    const other = taken.get(key);
    if (other !== undefined && weight(diagram, other) >= weight(diagram, index)) continue;
    taken.set(key, index);
  }
  if (crowded) diagram.crowded = true;
  for (const index of taken.values()) {
    const x = diagram.markX(index);
    if (!Number.isNaN(x) && (x === NETWORK || !diagram.outside(x)))
      found.push({ index, x, y: diagram.y(index) });
  }
  const look = ({ index }) =>
    `mark k-${run.kindName(index)}${diagram.alarms.has(index) ? " alarm" : ""}${diagram.partners && diagram.partners[index] < 0 ? " alone" : ""}${tone(diagram, index)}`;
  diagram.layers.marks
    .selectAll("path")
    .data(found, ({ index }) => index)
    .join("path")
    .attr("class", look)
    .attr("d", ({ index }) => MARKS[run.kindName(index)] ?? MARKS.note)
    .attr("transform", ({ x, y }) => `translate(${round(x)},${round(y)})`);
  return found;
}

export function drawChosen(diagram) {
  const { run, selected } = diagram;
  const index = selected >= 0 && !Number.isNaN(diagram.markX(selected)) ? [selected] : [];
  const inside = (y) => y > HEAD - 4;
  const lines = [
    ...index,
    ...(diagram.difference >= 0 && diagram.difference < run.count
      ? [{ difference: diagram.difference }]
      : []),
  ];
  diagram.layers.chosen.selectAll("*").remove();
  for (const line of lines) {
    const at = typeof line === "number" ? line : line.difference;
    if (!inside(diagram.y(at))) continue;
    const kind = typeof line === "number" ? "now" : "difference";
    const offset = kind === "difference" ? -8 : 0;
    diagram.layers.chosen
      .append("line")
      .attr("class", kind)
      .attr("x1", LEFT - 28)
      .attr("x2", diagram.width - 30)
      .attr("y1", diagram.y(at) + offset)
      .attr("y2", diagram.y(at) + offset);
    if (kind === "difference") {
      diagram.layers.chosen
        .append("text")
        .attr("class", "difference")
        .attr("x", diagram.width - 34)
        .attr("y", diagram.y(at) + offset - 4)
        .attr("text-anchor", "end")
        .text("first difference");
    }
  }
  const links = index.flatMap((at) => [
    [run.cause[at], at],
    ...[...run.effects(at)].slice(0, 60).map((effect) => [at, effect]),
  ]);
  for (const [cause, effect] of links) {
    if (cause < 0 || run.sender[effect] === cause) continue;
    const [x0, y0, x1, y1] = [
      diagram.markX(cause),
      diagram.y(cause),
      diagram.markX(effect),
      diagram.y(effect),
    ];
    if ([x0, x1].some(Number.isNaN) || Math.max(y0, y1) < HEAD) continue;
    const side = Math.min(26, 10 + Math.abs(y1 - y0) * 0.12);
    diagram.layers.chosen
      .append("path")
      .attr("class", "because")
      .attr(
        "d",
        `M${round(x0 - 5)},${round(y0)}C${round(x0 - side)},${round(y0)} ${round(x1 - side)},${round(y1)} ${round(x1 - 7)},${round(y1)}`,
      );
  }
  for (const at of index) {
    if (inside(diagram.y(at)))
      diagram.layers.chosen
        .append("circle")
        .attr("r", 10)
        .attr("cx", diagram.markX(at) - (run.kindName(at) === "request" ? 8 : 0))
        .attr("cy", diagram.y(at));
  }
  diagram.layers.veil
    .selectAll("rect")
    .data(diagram.until >= 0 && diagram.until < run.count ? [diagram.y(diagram.until) + 8] : [])
    .join("rect")
    .attr("x", LEFT - 30)
    .attr("width", Math.max(0, diagram.width - LEFT + 8))
    .attr("y", (y) => clamp(y, HEAD, diagram.height))
    .attr("height", (y) => diagram.height - clamp(y, HEAD, diagram.height));
}

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

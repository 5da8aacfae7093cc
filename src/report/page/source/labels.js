// The words beside marks and along arrows.
import { tone, weight } from "./events.js";
import { HEAD, round } from "./measures.js";
import { brief, cut, particulars, plain } from "./words.js";

export function drawLabels(diagram, arrows, marks) {
  const texts = [];
  // Of two labels that would cover each other the first stays: marks before messages, what is selected before the rest.
  const boxes = [];
  const put = (text) => {
    const half = text.text.length * 3.1 + 3;
    const middle = text.x + { start: half, middle: 0, end: -half }[text.anchor];
    if (boxes.some((box) => Math.abs(box.middle - middle) < box.half + half && Math.abs(box.y - text.y) < 11))
      return;
    boxes.push({ middle, half, y: text.y });
    texts.push(text);
  };
  const last = diagram.columns().shown.at(-1);
  const space = (node, x) => Math.floor(((node === last ? diagram.width - x - 20 : diagram.gap) - 24) / 6.2);
  if (diagram.gap >= 52 && marks.length < 500) {
    for (const { index, x, y } of [...marks].sort(
      (a, b) => weight(diagram, b.index) - weight(diagram, a.index) || a.index - b.index,
    )) {
      const kind = diagram.run.kindName(index);
      const words = label(diagram.run, index, kind);
      if (!words || y <= HEAD) continue;
      const text = cut(words, Math.max(3, Math.min(space(diagram.run.node[index], x), 38)));
      put({
        key: `m${index}`,
        class: `k-${kind}${tone(diagram, index)}`,
        x: x + 11,
        y: y + 3.5,
        text,
        anchor: "start",
        turn: 0,
      });
    }
  }
  if (diagram.gap >= 76 && arrows.length < 160) {
    for (const found of [...arrows].sort((a, b) => Number(b.own) - Number(a.own)))
      arrowLabel(diagram, found).forEach(put);
  }
  diagram.layers.labels
    .selectAll("text")
    .data(texts, ({ key }) => key)
    .join("text")
    .attr("class", (text) => text.class)
    .attr("text-anchor", (text) => text.anchor)
    .attr(
      "transform",
      ({ x, y, turn }) => `translate(${round(x)},${round(y)})${turn ? ` rotate(${round(turn)})` : ""}`,
    )
    .text(({ text }) => text);
}

function arrowLabel(diagram, { arrow, ends, own }) {
  const long = Math.hypot(ends.x1 - ends.x0, ends.y1 - ends.y0);
  const words = [plain(diagram.run.messageKind(arrow.from) ?? "")];
  if (arrow.kind === "lost")
    words.push(
      diagram.run.reason(arrow.to) === "loss" ? "lost" : plain(diagram.run.reason(arrow.to) ?? "lost"),
    );
  const texts = [];
  const key = `${arrow.from} ${arrow.to}`;
  const look = `${own ? " own" : ""}${tone(diagram, arrow.to >= 0 ? arrow.to : arrow.from)}`;
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
    const colour = diagram.colours.get(diagram.run.messageKind(arrow.from)) ?? 0;
    texts.push({
      key: `a${key}`,
      class: `message c${colour}${look}`,
      x,
      y,
      text,
      anchor: ends.self ? "start" : "middle",
      turn: ends.self ? 0 : turn,
    });
  }
  if (words[1]) {
    const right = ends.x1 >= ends.x0;
    texts.push({
      key: `w${key}`,
      class: `reason${look}`,
      x: ends.x1 + (right ? 8 : -8),
      y: ends.y1 + 3.5,
      text: cut(words[1], 20),
      anchor: right ? "start" : "end",
      turn: 0,
    });
  }
  return texts;
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

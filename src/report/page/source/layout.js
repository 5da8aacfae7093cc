// Where everything stands: the height of each event in each view of time, and what lasts from one event to another.

/** The views of time, with what they are called. */
export const VIEWS = [
  ["rows", "even rows"],
  ["real", "real time"],
  ["squeezed", "real time, pauses squeezed"],
  ["logical", "logical time (Lamport)"],
];

const ROW = 18;
/** What follows from a step stands close below it. */
const SAME_STEP = 9;
const TOLD = 14;

/** The height of each event at zoom 1, and the indexes in the order of their heights. */
export function heights(run, view) {
  const y = { rows, real, squeezed, logical }[view](run);
  let order = null;
  for (let i = 1; i < run.count; i++) {
    if (y[i] < y[i - 1]) {
      order = Int32Array.from(y.keys()).sort((a, b) => y[a] - y[b] || a - b);
      break;
    }
  }
  const last = run.count === 0 ? 0 : y[order ? order[run.count - 1] : run.count - 1];
  return { view, y, order, last, at: (place) => (order ? order[place] : place) };
}

/** The first place, in the order of heights, of an event that is not above `height`. */
export function firstBelow(layout, count, height) {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (layout.y[layout.at(middle)] < height) low = middle + 1;
    else high = middle;
  }
  return low;
}

function rows(run) {
  const y = new Float64Array(run.count);
  const told = run.kindOf.output;
  let first = 0;
  let lowest = 0;
  // All begin at once, side by side.
  for (; first < run.count && run.time[first] === run.time[0]; first++) {
    if (run.kind[first] === run.kindOf.boot) y[first] = 0;
    else if (first > 0 && follows(run, first)) y[first] = y[first - 1] + SAME_STEP;
    else break;
    lowest = Math.max(lowest, y[first]);
  }
  for (let i = first; i < run.count; i++) {
    const words = run.kind[i] === told || run.kind[i - 1] === told;
    const above = i === first ? lowest : y[i - 1];
    y[i] = i === 0 ? 0 : above + (i > first && follows(run, i) ? (words ? TOLD : SAME_STEP) : ROW);
  }
  return y;
}

/** Whether an event belongs to the same step of the same node as the one before. */
function follows(run, i) {
  if (run.node[i] !== run.node[i - 1] || run.time[i] !== run.time[i - 1] || run.cause[i] < 0) return false;
  return run.cause[i] === i - 1 || run.cause[i] === run.cause[i - 1];
}

function moments(run) {
  let count = 0;
  for (let i = 1; i < run.count; i++) if (run.time[i] !== run.time[i - 1]) count++;
  return count;
}

function real(run) {
  const y = new Float64Array(run.count);
  const length = Math.max(600, Math.min(moments(run) * 22, 4e6));
  const end = run.time[run.count - 1] || 1;
  for (let i = 0; i < run.count; i++) y[i] = (run.time[i] / end) * length;
  return y;
}

/** As real time, but no pause is longer than a few times the usual one. */
function squeezed(run) {
  const y = new Float64Array(run.count);
  const end = run.time[run.count - 1] || 1;
  const scale = Math.max(600, moments(run) * 40) / end;
  for (let i = 1; i < run.count; i++) {
    const passed = run.time[i] - run.time[i - 1];
    y[i] = y[i - 1] + (passed === 0 ? 0 : Math.max(3, Math.min(passed * scale, 60)));
  }
  return y;
}

/** By Lamport clock; what has none stands behind what it is about, or behind all that is known. */
function logical(run) {
  const y = new Float64Array(run.count);
  let latest = 0;
  for (let i = 0; i < run.count; i++) {
    const about =
      run.sender[i] >= 0 ? run.lamport[run.sender[i]] : run.node[i] >= 0 ? lastClock(run, i) : latest;
    const clock = run.lamport[i] || about + 0.5;
    latest = Math.max(latest, run.lamport[i]);
    y[i] = clock * ROW;
  }
  return y;
}

function lastClock(run, i) {
  const own = run.own[run.node[i]] ?? [];
  for (let place = run.position[i] - 1; place >= 0; place--) {
    if (run.lamport[own[place]]) return run.lamport[own[place]];
  }
  return 0;
}

/** Things that last, found by the heights they cover. */
export class Spans {
  /** `ends(thing)` gives two heights. */
  constructor(things, ends) {
    const measured = things.map((thing) => {
      const [a, b] = ends(thing);
      return { thing, low: Math.min(a, b), high: Math.max(a, b) };
    });
    this.all = measured.sort((a, b) => a.low - b.low);
    this.reach = [];
    for (let block = 0; block < this.all.length; block += Spans.BLOCK) {
      let reach = -Infinity;
      for (const span of this.all.slice(block, block + Spans.BLOCK)) reach = Math.max(reach, span.high);
      this.reach.push(reach);
    }
  }

  static BLOCK = 128;

  /** Calls `found` for each thing that is partly between two heights. */
  each(top, bottom, found) {
    for (let block = 0; block < this.reach.length; block++) {
      const start = block * Spans.BLOCK;
      if (this.all[start].low > bottom) return;
      if (this.reach[block] < top) continue;
      const end = Math.min(start + Spans.BLOCK, this.all.length);
      for (let at = start; at < end && this.all[at].low <= bottom; at++) {
        if (this.all[at].high >= top) found(this.all[at].thing);
      }
    }
  }
}

/** What lasts: nodes that are down or paused, nodes in the critical section, partitions, cuts and changed links. */
export function bands(run) {
  const bands = [];
  const open = new Map();
  const begin = (key, band) => {
    end(key, band.from);
    open.set(key, band);
    bands.push(band);
  };
  const end = (key, to) => {
    const band = open.get(key);
    if (band) band.to = to;
    open.delete(key);
  };
  for (let i = 0; i < run.count; i++) {
    const node = run.node[i];
    const kind = run.kindName(i);
    if (kind === "crash") {
      end(`paused ${node}`, i);
      end(`inside ${node}`, i);
      begin(`down ${node}`, { kind: "down", node, from: i, to: -1 });
    } else if (kind === "restart" || kind === "boot") end(`down ${node}`, i);
    else if (kind === "pause") begin(`paused ${node}`, { kind: "paused", node, from: i, to: -1 });
    else if (kind === "resume") end(`paused ${node}`, i);
    else if (kind === "output") {
      const said = run.bodyOf(i);
      if (said === '"enter"') begin(`inside ${node}`, { kind: "inside", node, from: i, to: -1 });
      if (said === '"exit"') end(`inside ${node}`, i);
    } else if (kind === "partition" || kind === "cut" || kind === "link") {
      const about = run.bodyOf(i) ?? "null";
      open.set(`${kind} ${i}`, network(run, kind, i, about));
      bands.push(open.get(`${kind} ${i}`));
    } else if (kind === "heal") heal(run, i, open);
  }
  return bands;
}

function network(run, kind, from, about) {
  let value = null;
  try {
    value = JSON.parse(about);
  } catch {
    // What cannot be read is drawn without its particulars.
  }
  const place = (name) => run.nodes.indexOf(name);
  const band = { kind, from, to: -1, about, value };
  if (kind === "partition") {
    band.group = run.nodes.map(() => -1);
    if (Array.isArray(value)) {
      value.forEach((group, number) => {
        if (Array.isArray(group))
          for (const name of group) if (place(name) >= 0) band.group[place(name)] = number;
      });
    }
  } else {
    const pair = Array.isArray(value?.between) ? value.between : [value?.from, value?.to];
    band.pair = pair.map(place);
    band.oneWay = !Array.isArray(value?.between);
  }
  return band;
}

/** Ends what a `heal` speaks of: one thing, all of a kind, or everything. */
function heal(run, i, open) {
  let value;
  try {
    value = JSON.parse(run.bodyOf(i) ?? "null");
  } catch {
    value = null;
  }
  for (const [key, band] of [...open]) {
    if (!["partition", "cut", "link"].includes(band.kind)) continue;
    const named = value !== null && typeof value === "object" ? value[band.kind] : undefined;
    const meant =
      run.cause[i] === band.from ||
      value === "all" ||
      value === `${band.kind}s` ||
      (value === null && run.cause[i] < 0) ||
      (named !== undefined && JSON.stringify(named) === JSON.stringify(band.value));
    if (!meant) continue;
    band.to = i;
    open.delete(key);
    if (named !== undefined) return;
  }
}

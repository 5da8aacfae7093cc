// Happened-before (Lamport 1978): the past of an event is a beginning of each node's sequence, its future an end of each.

/** How many events of each node happened before `event` or are it: its vector clock. */
export function past(run, event) {
  const heights = new Int32Array(run.nodes.length);
  const work = [event];
  while (work.length > 0) {
    const at = work.pop();
    const node = run.node[at];
    const own = run.own[node];
    for (let place = heights[node]; place <= run.position[at]; place++) {
      const from = run.kind[own[place]] === run.kindOf.receive ? run.sender[own[place]] : -1;
      // A sender that stands behind its receiver is a damaged trace's.
      if (from >= 0 && run.position[from] >= heights[run.node[from]] && from < own[place]) work.push(from);
    }
    heights[node] = Math.max(heights[node], run.position[at] + 1);
  }
  return heights;
}

/** From which place on the events of each node happened after `event` or are it. */
export function future(run, event) {
  const starts = Int32Array.from(run.own, (own) => own.length);
  const work = [event];
  while (work.length > 0) {
    const at = work.pop();
    const node = run.node[at];
    const own = run.own[node];
    for (let place = run.position[at]; place < starts[node]; place++) {
      if (run.kind[own[place]] !== run.kindOf.send) continue;
      for (const to of run.fates.get(own[place]) ?? []) {
        if (run.kind[to] !== run.kindOf.receive || to < own[place]) continue;
        if (run.position[to] < starts[run.node[to]]) work.push(to);
      }
    }
    starts[node] = Math.min(starts[node], run.position[at]);
  }
  return starts;
}

/** An event's cones. One that happens to a message rather than at a node stands behind the sending of it. */
export function cones(run, event) {
  const anchor = run.position[event] >= 0 ? event : run.sender[event];
  if (anchor < 0) return undefined;
  const before = past(run, anchor);
  const after = anchor === event ? future(run, event) : Int32Array.from(run.own, (own) => own.length);
  const sum = (counts) => counts.reduce((total, count) => total + count, 0);
  const all = sum(run.own.map((own) => own.length));
  const self = anchor === event ? 1 : 0;
  const earlier = sum(before) - self;
  const later = sum(run.own.map((own, node) => own.length - after[node])) - self;
  const relation = (other) => {
    if (other === event) return "self";
    const node = run.node[other];
    if (run.position[other] >= 0) {
      if (run.position[other] < before[node]) return "past";
      return run.position[other] >= after[node] ? "future" : "concurrent";
    }
    // What becomes of a message on its way follows its sending, and leads to nothing.
    const sent = run.sender[other];
    if (sent < 0) return "none";
    return run.position[sent] >= after[run.node[sent]] ? "future" : "concurrent";
  };
  return {
    clock: before,
    after,
    relation,
    counts: { past: earlier, future: later, concurrent: all - earlier - later - self },
  };
}

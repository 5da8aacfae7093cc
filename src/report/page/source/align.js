// Which event of one run is which of another: the longest way through both on which as much as possible is alike
// (Myers 1986, "An O(ND) difference algorithm and its variations"). Numbers and times of events may differ.

/** With more differences than this, what follows the common beginning is paired by its numbers. */
const MOST = 1500;

/** What makes two events the same. */
function signatures(run) {
  return Array.from({ length: run.count }, (_, i) => {
    const nodes = [run.node[i], run.to[i], run.from[i]].map((node) => (node < 0 ? "" : run.name(node)));
    return [run.kindName(i), ...nodes, run.messageKind(i), run.bodyOf(i), run.reason(i)].join("\u0000");
  });
}

/** `pairs` of events in order, -1 where a run has none; `partner[side][event]` is the event of the other run. */
export function align(runs) {
  const [a, b] = runs.map(signatures);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end])
    end++;
  const middle = [a, b].map((all) => all.slice(start, all.length - end));
  const pairs = [];
  for (let i = 0; i < start; i++) pairs.push([i, i]);
  for (const [i, j] of path(...middle) ?? byNumber(...middle))
    pairs.push([i < 0 ? -1 : i + start, j < 0 ? -1 : j + start]);
  for (let i = end; i > 0; i--) pairs.push([a.length - i, b.length - i]);
  const partner = [new Int32Array(a.length).fill(-1), new Int32Array(b.length).fill(-1)];
  const place = [new Int32Array(a.length), new Int32Array(b.length)];
  pairs.forEach(([i, j], row) => {
    if (i >= 0) place[0][i] = row;
    if (j >= 0) place[1][j] = row;
    if (i >= 0 && j >= 0 && a[i] === b[j]) [partner[0][i], partner[1][j]] = [j, i];
  });
  return { pairs, partner, place };
}

function byNumber(a, b) {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => [
    i < a.length ? i : -1,
    i < b.length ? i : -1,
  ]);
}

/** The pairs of the shortest way, nothing when it has too many differences. */
function path(a, b) {
  const width = Math.min(MOST, a.length + b.length);
  const reach = new Int32Array(2 * width + 3);
  const steps = [];
  for (let d = 0; d <= width; d++) {
    // Only what the next step reads is kept.
    steps.push(reach.slice(width + 1 - d - 1, width + 1 + d + 2));
    for (let k = -d; k <= d; k += 2) {
      const at = width + 1 + k;
      const down = k === -d || (k !== d && reach[at - 1] < reach[at + 1]);
      let x = down ? reach[at + 1] : reach[at - 1] + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      reach[at] = x;
      if (x >= a.length && x - k >= b.length) return back(steps, a.length, b.length);
    }
  }
  return undefined;
}

/** Goes the way back from its end. */
function back(steps, x, y) {
  const pairs = [];
  for (let d = steps.length - 1; d >= 0; d--) {
    const before = steps[d];
    const of = (k) => before[k + d + 1];
    const k = x - y;
    const down = k === -d || (k !== d && of(k - 1) < of(k + 1));
    const from = down ? k + 1 : k - 1;
    const [px, py] = d === 0 ? [0, 0] : [of(from), of(from) - from];
    while (
      x > px &&
      y > py &&
      x > 0 &&
      y > 0 &&
      !(d > 0 && x === px + (down ? 0 : 1) && y === py + (down ? 1 : 0))
    ) {
      pairs.push([--x, --y]);
    }
    if (d === 0) break;
    if (down) pairs.push([-1, --y]);
    else pairs.push([--x, -1]);
  }
  return pairs.reverse();
}

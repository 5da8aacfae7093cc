// A run as the page holds it: the packed document, unpacked into one typed array for each column of its events.
// `src/report/html/pack.rs` is the other side of this.

/** Unpacks base64 of zlib of JSON from an element of the page. */
export async function unpack(element) {
  const text = atob(element.textContent.trim());
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

/** What happens at a node, not to a message or a link: these have a place in the order of happened-before. */
const AT_NODE = new Set([
  "boot",
  "request",
  "output",
  "send",
  "receive",
  "timer-set",
  "timer",
  "save",
  "crash",
  "restart",
  "pause",
  "resume",
  "clock",
  "choice",
  "note",
]);

/** A column that says "absent" with 0, "so far from what was expected" with the rest. */
const apart = (value) => (value > 0 ? value - 1 : value);

export class Run {
  constructor(document) {
    Object.assign(this, document);
    const columns = document.columns;
    const count = columns.kind.length;
    this.count = count;
    this.kind = Uint8Array.from(columns.kind);
    const place = (column) => Int32Array.from(column, (value) => value - 1);
    this.node = place(columns.node);
    this.to = place(columns.to);
    this.from = place(columns.from);
    this.word = place(columns.type);
    this.why = place(columns.why);
    this.body = place(columns.body);
    this.state = place(columns.state);
    this.kindOf = Object.fromEntries(document.kinds.map((name, number) => [name, number]));
    this.atNode = Uint8Array.from(document.kinds, (name) => (AT_NODE.has(name) ? 1 : 0));
    this.readNumbers(columns, count);
    this.readOrder(count);
    this.hasStates = document.states.length > 0;
  }

  readNumbers(columns, count) {
    this.time = new Float64Array(count);
    this.message = new Float64Array(count).fill(-1);
    this.cause = new Int32Array(count).fill(-1);
    this.lamport = new Float64Array(count);
    const clocks = new Float64Array(this.nodes.length);
    let time = 0;
    let next = 0;
    for (let i = 0; i < count; i++) {
      time += columns.time[i];
      this.time[i] = time;
      if (columns.message[i] !== 0) {
        this.message[i] = next + apart(columns.message[i]);
        next = Math.max(next, this.message[i] + 1);
      }
      if (columns.cause[i] !== 0) this.cause[i] = i - columns.cause[i];
      const node = this.node[i];
      if (columns.lamport[i] !== 0 && node >= 0) {
        clocks[node] += apart(columns.lamport[i]);
        this.lamport[i] = clocks[node];
      }
    }
    this.end = Math.max(time, lastMoment(this));
  }

  /** Who sent what, what follows from what, and each node's own sequence. */
  readOrder(count) {
    const { send, receive, drop, duplicate } = this.kindOf;
    this.sender = new Int32Array(count).fill(-1);
    this.fates = new Map();
    this.own = this.nodes.map(() => []);
    this.position = new Int32Array(count).fill(-1);
    const sends = new Map();
    const copies = new Map();
    for (let i = 0; i < count; i++) {
      const node = this.node[i];
      if (node >= 0 && node < this.own.length && this.atNode[this.kind[i]]) {
        this.position[i] = this.own[node].length;
        this.own[node].push(i);
      }
      const message = this.message[i];
      if (message < 0) continue;
      if (this.kind[i] === send && !sends.has(message)) sends.set(message, i);
      if (this.kind[i] === duplicate) copies.set(message, (copies.get(message) ?? 0) + 1);
    }
    // A second pass: in a damaged trace a message may arrive before it is sent.
    for (let i = 0; i < count; i++) {
      const from = this.message[i] < 0 ? undefined : sends.get(this.message[i]);
      if (from === undefined || from === i) continue;
      this.sender[i] = from;
      if (this.kind[i] === receive || this.kind[i] === drop) {
        const fates = this.fates.get(from);
        if (fates) fates.push(i);
        else this.fates.set(from, [i]);
      }
    }
    this.arrows = [];
    for (const [message, from] of sends) {
      const fates = this.fates.get(from) ?? [];
      for (const to of fates) {
        this.arrows.push({ message, from, to, kind: this.kind[to] === receive ? "received" : "lost" });
      }
      if (fates.length < 1 + (copies.get(message) ?? 0)) {
        this.arrows.push({ message, from, to: -1, kind: "under way" });
      }
    }
    this.readEffects(count);
  }

  /** The events that each event caused, as slices of one array. */
  readEffects(count) {
    this.effectStart = new Int32Array(count + 1);
    for (let i = 0; i < count; i++) if (this.cause[i] >= 0) this.effectStart[this.cause[i] + 1]++;
    for (let i = 0; i < count; i++) this.effectStart[i + 1] += this.effectStart[i];
    this.effectList = new Int32Array(this.effectStart[count]);
    const next = this.effectStart.slice();
    for (let i = 0; i < count; i++) if (this.cause[i] >= 0) this.effectList[next[this.cause[i]]++] = i;
  }

  kindName(i) {
    return this.kinds[this.kind[i]];
  }

  name(node) {
    return this.nodes[node] ?? "?";
  }

  /** The kind of the message that an event is about. */
  messageKind(i) {
    const word = this.word[i] >= 0 ? this.word[i] : this.sender[i] >= 0 ? this.word[this.sender[i]] : -1;
    return word < 0 ? undefined : this.words[word];
  }

  reason(i) {
    return this.why[i] < 0 ? undefined : this.words[this.why[i]];
  }

  bodyOf(i) {
    return this.body[i] < 0 ? undefined : this.bodies[this.body[i]];
  }

  /** What the message says that an event is about: it stands where it was sent. */
  content(i) {
    return this.bodyOf(i) ?? (this.sender[i] >= 0 ? this.bodyOf(this.sender[i]) : undefined);
  }

  /** A node's state, in which processes are called by their names. */
  stateOf(i) {
    if (this.state[i] < 0) return undefined;
    return this.states[this.state[i]].replace(/\bProcessId\((\d+)\)/g, (whole, place) => {
      const name = this.nodes[place];
      if (name === undefined) return whole;
      return /^\w[\w-]*$/.test(name) ? name : JSON.stringify(name);
    });
  }

  effects(i) {
    return this.effectList.subarray(this.effectStart[i], this.effectStart[i + 1]);
  }

  source(i) {
    return this.kind[i] === this.kindOf.send
      ? this.node[i]
      : this.from[i] >= 0
        ? this.from[i]
        : this.senderNode(i);
  }

  target(i) {
    if (this.kind[i] === this.kindOf.receive) return this.node[i];
    return this.to[i] >= 0 ? this.to[i] : this.sender[i] >= 0 ? this.to[this.sender[i]] : -1;
  }

  senderNode(i) {
    return this.sender[i] >= 0 ? this.node[this.sender[i]] : -1;
  }

  /** The node's state before and after an event: the last one told, and the next. */
  statesAround(i) {
    const node = this.node[i];
    if (!this.hasStates || this.position[i] < 0) return undefined;
    const own = this.own[node];
    let first = this.position[i];
    // The effects of a step share the state that its first event tells.
    while (first > 0 && this.state[own[first]] < 0) first--;
    let before = first - 1;
    while (before >= 0 && this.state[own[before]] < 0) before--;
    const after = this.stateOf(own[first]);
    if (after === undefined) return undefined;
    return { before: before < 0 ? undefined : this.stateOf(own[before]), after, told: own[first] };
  }
}

/** When the run ended; a deadline may be later than the last event. */
function lastMoment(run) {
  return run.footer ? run.footer.t : 0;
}

// The shapes of events. Each differs from the others without its colour.

const circle = (r) => `M${-r},0a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`;

export const MARKS = {
  boot: "M-7,0H7M0,0V4",
  request: "M-12,-5L-4,0L-12,5Z",
  output: "M0,-6L6,0L0,6L-6,0Z",
  send: circle(2.2),
  receive: circle(3.6),
  drop: "M-4.5,-4.5L4.5,4.5M4.5,-4.5L-4.5,4.5",
  duplicate: "M-6,0a3,3 0 1,0 6,0a3,3 0 1,0 -6,0M0,0a3,3 0 1,0 6,0a3,3 0 1,0 -6,0",
  "timer-set": `${circle(2.8)}`,
  timer: `${circle(5.2)}M0,-3.4V0H2.6`,
  save: "M-4,-4H4V4H-4ZM-2,-4V-1H2V-4",
  crash: "M-7,-7L7,7M7,-7L-7,7",
  restart: "M-6,4.5L0,-6L6,4.5Z",
  pause: "M-3,-5.5V5.5M3,-5.5V5.5",
  resume: "M-4,-5.5L5,0L-4,5.5Z",
  partition: "M-7,0H-2.5M7,0H2.5M-2.5,-5V5M2.5,-5V5",
  heal: "M-7,0H7M-3,-4L0,0L-3,4M3,-4L0,0L3,4",
  cut: "M-7,0H-2M7,0H2M-3,5L3,-5",
  link: "M-7,0C-4,-6 -1,6 2,0S6,-3 7,0",
  clock: "M-4,-5.5H4L-4,5.5H4Z",
  choice: "M-5,-5H5V5H-5ZM-2,-2h0.1M2,2h0.1",
  note: "M-5.5,-5H5.5V3H0L-3,6V3H-5.5Z",
};

/** What the shapes mean, for the key. */
export const MEANINGS = [
  ["request", "a node is asked by its application"],
  ["output", "a node tells its application something: entered, delivered, elected"],
  ["send", "a message is sent"],
  ["receive", "a message arrives"],
  ["drop", "a message is lost; the reason stands beside the cross"],
  ["duplicate", "the network doubles a message"],
  ["timer-set", "a timer is set"],
  ["timer", "a timer runs out"],
  ["save", "something is saved that survives a crash"],
  ["boot", "a node begins"],
  ["crash", "a node crashes; hatched until it restarts"],
  ["restart", "a node restarts"],
  ["pause", "a node stands still"],
  ["resume", "a node goes on"],
  ["partition", "the network parts; groups are shaded, with walls between them"],
  ["cut", "a link is cut"],
  ["link", "a link changes"],
  ["heal", "a fault of the network ends"],
  ["clock", "a node's clock is changed"],
  ["choice", "a random draw"],
  ["note", "a note"],
];

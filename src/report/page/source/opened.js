// What tests, and whoever opens a console, may ask of the page.
import { cones } from "./order.js";

/** What is drawn, and what would be if the window were large enough. */
export function opened(app) {
  return {
    app,
    /** Every arrow of a run as it is laid out. */
    arrows: (side = 0) => {
      const diagram = app.diagrams[side];
      const { run } = diagram;
      diagram.place();
      return run.arrows.map((arrow) => {
        const at = diagram.ends(arrow);
        return {
          message: arrow.message,
          kind: arrow.kind,
          send: arrow.from,
          end: arrow.to,
          from: run.name(run.node[arrow.from]),
          why: arrow.to >= 0 ? run.reason(arrow.to) : undefined,
          ...at,
        };
      });
    },
    /** Where each node's line and each event stand. */
    columns: (side = 0) =>
      Object.fromEntries(
        app.diagrams[side].run.nodes.map((name, node) => [name, app.diagrams[side].x(node)]),
      ),
    heights: (side = 0) => Array.from(app.diagrams[side].layout.y, (_, index) => app.diagrams[side].y(index)),
    bands: (side = 0) =>
      app.diagrams[side].bands.map(({ kind, node, from, to }) => ({ kind, node, from, to })),
    selected: () => app.selected,
    vector: (index, side = 0) => Array.from(cones(app.runs[side], index).clock),
  };
}

//! The parts of a picture: lines, arrow heads, signs, words, in colours that the colour-blind can tell apart.

use crate::report::diagram::Standing;
use crate::trace::{Event, EventKind};
use svg::node::element::{Circle, Group, Line, Path, Polygon, Rectangle, Text};

/// A place in pixels: to the right, down.
pub(super) type Place = (f64, f64);

/// What something is drawn with (the palette of Okabe and Ito, 2008).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ink {
    Black,
    Quiet,
    Faint,
    Message,
    Copy,
    Lost,
    Asked,
    Told,
    Changed,
    Up,
    Down,
    Paused,
    Inside,
}

impl Ink {
    /// That of a node's line.
    pub(super) fn of(standing: Standing) -> Self {
        match standing {
            Standing::Down => Self::Down,
            Standing::Up => Self::Up,
            Standing::Paused => Self::Paused,
            Standing::Inside => Self::Inside,
        }
    }

    /// That of what is said of an event.
    pub(super) fn of_event(kind: EventKind) -> Self {
        match kind {
            EventKind::Request => Self::Asked,
            EventKind::Output => Self::Told,
            EventKind::Drop | EventKind::Crash => Self::Lost,
            EventKind::Partition
            | EventKind::Heal
            | EventKind::Cut
            | EventKind::Link
            | EventKind::Clock
            | EventKind::Pause
            | EventKind::Resume
            | EventKind::Restart => Self::Changed,
            EventKind::Boot
            | EventKind::Send
            | EventKind::Receive
            | EventKind::Duplicate
            | EventKind::TimerSet
            | EventKind::Timer
            | EventKind::Save
            | EventKind::Choice
            | EventKind::Note => Self::Quiet,
        }
    }

    fn color(self) -> &'static str {
        match self {
            Self::Black => "#000000",
            Self::Quiet | Self::Up => "#555555",
            Self::Faint | Self::Down => "#bbbbbb",
            Self::Message | Self::Copy => "#0072b2",
            Self::Lost => "#d55e00",
            Self::Asked => "#8b3a75",
            Self::Told | Self::Inside => "#00795b",
            Self::Changed | Self::Paused => "#9a6a00",
        }
    }

    fn width(self) -> f64 {
        match self {
            Self::Inside => 7.0,
            Self::Up | Self::Paused => 1.6,
            _ => 1.1,
        }
    }

    fn dashes(self) -> Option<&'static str> {
        match self {
            Self::Lost | Self::Copy => Some("5 3"),
            Self::Down => Some("1 4"),
            Self::Paused => Some("6 4"),
            _ => None,
        }
    }
}

/// One digit behind the point is finer than any screen.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

pub(super) fn line(from: Place, to: Place, ink: Ink) -> Line {
    let line = Line::new()
        .set("x1", number(from.0))
        .set("y1", number(from.1))
        .set("x2", number(to.0))
        .set("y2", number(to.1))
        .set("stroke", ink.color())
        .set("stroke-width", number(ink.width()));
    match ink.dashes() {
        Some(dashes) => line.set("stroke-dasharray", dashes),
        None => line,
    }
}

/// The head of an arrow that ends at `to`.
pub(super) fn head(from: Place, to: Place, ink: Ink) -> Polygon {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = libm::sqrt(dx * dx + dy * dy).max(1e-9);
    let (ux, uy) = (dx / length, dy / length);
    // The tip stops short of the sign on the line.
    let tip = (to.0 - ux * 3.0, to.1 - uy * 3.0);
    let corner = |side: f64| (tip.0 - ux * 8.0 - uy * side, tip.1 - uy * 8.0 + ux * side);
    let points = [tip, corner(3.2), corner(-3.2)].map(|(x, y)| format!("{},{}", number(x), number(y)));
    Polygon::new().set("points", points.join(" ")).set("fill", ink.color())
}

/// The end of a message that is lost.
pub(super) fn cross(at: Place) -> Path {
    let (x, y) = at;
    let corner = |dx: f64, dy: f64| format!("{} {}", number(x + dx), number(y + dy));
    let (a, b, c, d) = (corner(-4.0, -4.0), corner(4.0, 4.0), corner(-4.0, 4.0), corner(4.0, -4.0));
    let data = format!("M{a} L{b} M{c} L{d}");
    Path::new().set("d", data).set("stroke", Ink::Lost.color()).set("stroke-width", 1.8).set("fill", "none")
}

/// What a node sends to itself.
pub(super) fn loop_back(start: Place, down: f64) -> Path {
    let (x, y) = start;
    let out = number(x + 26.0);
    let data = format!(
        "M{} {} C{out} {}, {out} {}, {} {}",
        number(x),
        number(y),
        number(y),
        number(down),
        number(x),
        number(down)
    );
    Path::new()
        .set("d", data)
        .set("stroke", Ink::Message.color())
        .set("stroke-width", 1.1)
        .set("fill", "none")
}

/// Behind everything, from `top` to `bottom`: links are cut.
pub(super) fn band(width: f64, top: f64, bottom: f64) -> Rectangle {
    Rectangle::new()
        .set("x", 0)
        .set("y", number(top))
        .set("width", number(width))
        .set("height", number(bottom - top))
        .set("fill", "#f0e442")
        .set("fill-opacity", 0.22)
}

/// Words, with a light edge so that lines behind them do not disturb.
pub(super) fn caption(x: f64, y: f64, words: &str, ink: Ink) -> Text {
    Text::new(words)
        .set("x", number(x))
        .set("y", number(y))
        .set("fill", ink.color())
        .set("stroke", "#ffffff")
        .set("stroke-width", 2.5)
        .set("stroke-linejoin", "round")
        .set("paint-order", "stroke")
}

/// The sign of an event on its node's line.
pub(super) fn marker(at: Place, event: &Event) -> Group {
    sign(at, event.kind).set("data-event", event.index)
}

fn sign(at: Place, kind: EventKind) -> Group {
    let (x, y) = at;
    let color = Ink::of_event(kind).color();
    let dot = |radius: f64| Circle::new().set("cx", number(x)).set("cy", number(y)).set("r", number(radius));
    let square = |half: f64| {
        let side = number(half * 2.0);
        Rectangle::new()
            .set("x", number(x - half))
            .set("y", number(y - half))
            .set("width", side.clone())
            .set("height", side)
    };
    let group = Group::new();
    match kind {
        EventKind::Send | EventKind::Receive => group.add(dot(2.4).set("fill", Ink::Message.color())),
        EventKind::Request => {
            let points = [(0.0, -5.0), (5.0, 0.0), (0.0, 5.0), (-5.0, 0.0)];
            let points = points.map(|(dx, dy)| format!("{},{}", number(x + dx), number(y + dy)));
            group.add(Polygon::new().set("points", points.join(" ")).set("fill", color))
        }
        EventKind::Output => group.add(square(4.0).set("fill", color)),
        EventKind::Timer | EventKind::TimerSet => {
            group.add(dot(3.6).set("fill", "#ffffff").set("stroke", color).set("stroke-width", 1.2))
        }
        EventKind::Crash => group.add(cross(at)),
        EventKind::Boot | EventKind::Restart | EventKind::Resume | EventKind::Pause => {
            group.add(line((x - 5.0, y), (x + 5.0, y), Ink::Up))
        }
        EventKind::Save
        | EventKind::Clock
        | EventKind::Choice
        | EventKind::Note
        | EventKind::Drop
        | EventKind::Duplicate
        | EventKind::Partition
        | EventKind::Heal
        | EventKind::Cut
        | EventKind::Link => group.add(square(2.4).set("fill", color)),
    }
}

/// What the signs mean.
pub(super) fn legend() -> Vec<(&'static str, Group)> {
    let at = (10.0, 0.0);
    vec![
        (
            "message",
            Group::new().add(line((0.0, 0.0), (18.0, 0.0), Ink::Message)).add(head(
                (0.0, 0.0),
                (20.0, 0.0),
                Ink::Message,
            )),
        ),
        ("lost", Group::new().add(line((0.0, 0.0), (14.0, 0.0), Ink::Lost)).add(cross((14.0, 0.0)))),
        ("request", sign(at, EventKind::Request)),
        ("output", sign(at, EventKind::Output)),
        ("timer", sign(at, EventKind::Timer)),
        ("crash", sign(at, EventKind::Crash)),
        ("down", Group::new().add(line(at_above(), at_below(), Ink::Down))),
        ("paused", Group::new().add(line(at_above(), at_below(), Ink::Paused))),
        ("inside", Group::new().add(line(at_above(), at_below(), Ink::Inside))),
        ("links are cut", Group::new().add(band(18.0, -7.0, 7.0))),
    ]
}

fn at_above() -> Place {
    (10.0, -8.0)
}

fn at_below() -> Place {
    (10.0, 8.0)
}

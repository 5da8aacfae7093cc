//! Pictures as PNG: the same SVG, drawn with a font of our own, so that it looks the same everywhere.

use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree},
};
use thiserror::Error;

/// DejaVu Sans, Latin, Greek, Cyrillic and some signs of it. Its licence stands beside it.
const FONT: &[u8] = include_bytes!("font/DejaVuSans.ttf");

/// Drawn so many times as large, to be sharp in print.
const SCALE: f32 = 2.0;
/// The most pixels of a picture: 200 MB of memory.
const PIXELS: f32 = 50_000_000.0;

/// Why a picture was not made.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum PngError {
    /// It would be too large.
    #[error(
        "the picture would have {width} x {height} pixels; take a part of the trace (--last, --around, --nodes), or svg"
    )]
    TooLarge {
        /// How wide it would be.
        width: u64,
        /// How high it would be.
        height: u64,
    },
    /// The SVG is wrong, or it could not be encoded.
    #[error("the picture could not be drawn: {0}")]
    Drawing(String),
}

/// Draws an SVG.
///
/// # Errors
/// When it is none, or too large.
pub fn png(svg: &str) -> Result<Vec<u8>, PngError> {
    let mut options = Options::default();
    let fonts = options.fontdb_mut();
    fonts.load_font_data(FONT.to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    options.font_family = "DejaVu Sans".into();
    let drawing = |error: &dyn std::fmt::Display| PngError::Drawing(error.to_string());
    let tree = Tree::from_str(svg, &options).map_err(|error| drawing(&error))?;
    let (width, height) = (tree.size().width() * SCALE, tree.size().height() * SCALE);
    let too_large = || PngError::TooLarge { width: width as u64, height: height as u64 };
    if width * height > PIXELS {
        return Err(too_large());
    }
    let mut pixels = Pixmap::new(width as u32, height as u32).ok_or_else(too_large)?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| drawing(&error))
}

//! Tables of plain text.

use std::fmt;

/// A blank line and a table: its first column is text, the others are numbers. Nothing when there are no rows.
pub(super) fn table(head: &[&str], rows: Vec<Vec<String>>, f: &mut impl fmt::Write) -> fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    let lines: Vec<&Vec<String>> = std::iter::once(&head).chain(&rows).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    writeln!(f)?;
    for line in lines {
        write!(f, "{:<1$}", line[0], widths[0])?;
        for (cell, width) in line.iter().zip(&widths).skip(1) {
            write!(f, "  {cell:>width$}")?;
        }
        writeln!(f)?;
    }
    Ok(())
}

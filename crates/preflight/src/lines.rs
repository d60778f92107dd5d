//! Where in a description each key stands.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The line of each table and value, by its path: `broadworks.device[2].release`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Lines(BTreeMap<String, usize>);

impl Lines {
    /// Of a description whose keys are all known, so that no path is long.
    pub(crate) fn of(text: &str, table: &DeTable<'_>) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        let starts: Vec<usize> = starts.collect();
        let mut lines = Self::default();
        lines.add_table("", table, &starts);
        lines
    }

    /// The line of what stands at `path`, or of the nearest table around it.
    pub(crate) fn of_path(&self, path: &str) -> Option<usize> {
        let mut path = path;
        loop {
            if let Some(line) = self.0.get(path) {
                return Some(*line);
            }
            path = path.get(..path.rfind(['.', '['])?)?;
        }
    }

    fn add_table(&mut self, path: &str, table: &DeTable<'_>, starts: &[usize]) {
        for (key, value) in table.iter() {
            let point = if path.is_empty() { "" } else { "." };
            let path = format!("{path}{point}{}", key.get_ref());
            // A table's own span may be that of what is in it; its key comes first.
            self.0.insert(path.clone(), line(key.span().start, starts));
            self.add(&path, value, starts);
        }
    }

    fn add(&mut self, path: &str, value: &Spanned<DeValue<'_>>, starts: &[usize]) {
        match value.get_ref() {
            DeValue::Table(table) => self.add_table(path, table, starts),
            DeValue::Array(array) => {
                for (at, element) in array.iter().enumerate() {
                    let path = format!("{path}[{at}]");
                    let start = line(element.span().start, starts);
                    self.0.insert(path.clone(), start);
                    self.add(&path, element, starts);
                }
            }
            _ => {}
        }
    }
}

/// The line at this octet, from 1.
fn line(at: usize, starts: &[usize]) -> usize {
    starts.partition_point(|start| *start <= at)
}

/// Line and column at this octet, from 1.
pub(crate) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count();
    (before.matches('\n').count() + 1, column + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_table_and_element_has_its_line() {
        let text = "version = 1\n\n[a]\nb = [\n  \"x\",\n  \"y\",\n]\n\n[[a.c]]\nd = 1\n\n[[a.c]]\nd = 2\n";
        let lines = Lines::of(text, DeTable::parse(text).unwrap().get_ref());
        for (path, line) in [
            ("version", 1),
            ("a", 3),
            ("a.b", 4),
            ("a.b[1]", 6),
            ("a.c[0]", 9),
            ("a.c[0].d", 10),
            ("a.c[1].d", 13),
            ("a.c[1].missing", 12),
            ("a.c[1].missing.too", 12),
            ("a.missing", 3),
        ] {
            assert_eq!(lines.of_path(path), Some(line), "{path}");
        }
        assert_eq!(lines.of_path("missing"), None);
    }

    #[test]
    fn a_place_is_told_in_lines_and_characters() {
        assert_eq!(place("a\nüb", 0), (1, 1));
        assert_eq!(place("a\nüb", 2), (2, 1));
        assert_eq!(place("a\nüb", 4), (2, 2));
        assert_eq!(place("a\nüb", 99), (2, 3));
    }
}

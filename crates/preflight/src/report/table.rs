//! A report for people.

use std::fmt;

use crate::{Group, Report};

/// A report for people: a table for each group, then what is unknown, then a line with the sums.
#[derive(Clone, Copy, Debug)]
pub struct Table<'r> {
    report: &'r Report,
    width: usize,
}

impl Report {
    /// The report for people, in lines of about `width` characters; 40 is the least.
    #[must_use]
    pub fn to_table(&self, width: usize) -> Table<'_> {
        let width = width.max(40);
        Table {
            report: self,
            width,
        }
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut group: Option<Group> = None;
        for finding in &self.report.findings {
            if group != Some(finding.rule.group()) {
                group = Some(finding.rule.group());
                writeln!(f, "{}", finding.rule.group().title())?;
            }
            writeln!(f, "  {:<7}  {}", finding.severity, finding.rule)?;
            let place = finding.place.to_string();
            let source = finding.source.to_string();
            for (head, text) in [
                ("what", finding.what.as_str()),
                ("where", &place),
                ("why", &source),
                ("mend", finding.mend()),
            ] {
                self.write_row(f, head, text)?;
            }
        }
        if !self.report.unknown.is_empty() {
            writeln!(f, "Unknown")?;
        }
        for unknown in &self.report.unknown {
            writeln!(f, "  unknown  {}", unknown.rule)?;
            self.write_row(f, "what", &unknown.what)?;
            self.write_row(f, "where", &unknown.place.to_string())?;
            self.write_row(f, "why", &unknown.why.to_string())?;
        }
        write!(f, "{}", self.report.summary())
    }
}

impl Table<'_> {
    /// A row whose text is broken between words.
    fn write_row(&self, f: &mut fmt::Formatter<'_>, head: &str, text: &str) -> fmt::Result {
        let room = self.width - INDENT;
        // Without what could move the cursor or end the line.
        let text = text.replace(char::is_control, " ");
        let mut head = head;
        let mut line = String::new();
        let mut length = 0;
        for word in text.split_whitespace() {
            let word_length = word.chars().count();
            if length > 0 && length + 1 + word_length > room {
                writeln!(f, "           {head:<5}  {line}")?;
                (head, length) = ("", 0);
                line.clear();
            }
            if length > 0 {
                line.push(' ');
                length += 1;
            }
            line.push_str(word);
            length += word_length;
        }
        writeln!(f, "           {head:<5}  {line}")
    }
}

/// What stands before the text of a row.
const INDENT: usize = 18;

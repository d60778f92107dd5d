//! Phones in from CSV, codes out as CSV.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use indicatif::ProgressBar;
use offhook_activation_code::{
    CsvDialect, CsvLimits, CsvWriter, OutstandingCode, Phone, ProfileId, read_phones,
};

use crate::arguments::{Dialect, Export, Import};
use crate::desk::{Desk, Order, write_out};
use crate::now;
use crate::report::{self, Line};

/// Issues a code for each phone of the file. A file with any bad line, or with a phone that has a
/// code already, issues none.
pub(crate) async fn import(desk: &Desk, import: &Import) -> anyhow::Result<ExitCode> {
    let limits = CsvLimits::default();
    let table = read(import, limits.bytes())?;
    let phones = match read_phones(&table, &limits) {
        Ok(phones) => phones,
        Err(report) => {
            for problem in report.problems() {
                let what = problem.kind().to_string();
                let column = problem.column().map(|column| column.name());
                report::problem(problem.line(), column, &what, desk.json)?;
            }
            if report.more() > 0 {
                eprintln!("and {} more problems", report.more());
            }
            bail!("no code was issued: the file has bad lines");
        }
    };
    let outstanding = desk.outstanding().await?;
    let taken: HashSet<&ProfileId> = outstanding.iter().map(OutstandingCode::profile).collect();
    let taken: Vec<&Phone> = phones
        .iter()
        .filter(|phone| taken.contains(phone.profile()))
        .collect();
    for phone in &taken {
        let what = "the profile has an outstanding code";
        report::problem(phone.line(), Some("DEVICE NAME"), what, desk.json)?;
    }
    if !taken.is_empty() {
        bail!("no code was issued: revoke or reissue the codes that are outstanding");
    }
    if import.dry_run {
        eprintln!("{} phones, all lines are good", phones.len());
        return Ok(ExitCode::SUCCESS);
    }
    let bar = match desk.json {
        true => ProgressBar::hidden(),
        false => ProgressBar::new(phones.len() as u64),
    };
    let (mut lines, mut failed) = (Vec::new(), None);
    for phone in &phones {
        let order = Order {
            account: phone.account().clone(),
            profile: phone.profile().clone(),
            binding: phone.binding().clone(),
        };
        match desk.issue_for(order, &import.terms).await {
            Ok((code, new)) => lines.push(Line::new(new.code(), Some(&code))),
            Err(error) => {
                failed = Some(error.context(format!("line {}: no code was issued", phone.line())));
                break;
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    // What was issued before a failure is outstanding, and is perhaps not to be read again.
    report::list(&lines, true, desk.json)?;
    failed.map_or(Ok(ExitCode::SUCCESS), Err)
}

/// Writes the outstanding codes. One without a sealed copy has no code in its line.
pub(crate) async fn export(desk: &Desk, export: &Export) -> anyhow::Result<ExitCode> {
    let mut table = Vec::new();
    let mut writer = CsvWriter::new(dialect(export.dialect), &mut table, now())?;
    let (mut unknown, mut status) = (0, ExitCode::SUCCESS);
    let codes = desk.outstanding().await?;
    for code in &codes {
        let text = desk.unseal_or_tell(code, &mut status);
        unknown += usize::from(text.is_none());
        writer.write(code, text.as_ref())?;
    }
    writer.finish()?;
    write_out(export.out.as_deref(), &table)?;
    eprintln!("{} codes", codes.len());
    if unknown > 0 {
        eprintln!("{unknown} of them without the code itself: no sealed copy to read it from");
    }
    Ok(status)
}

/// The file, and one byte more than is allowed where it is longer.
fn read(import: &Import, limit: usize) -> anyhow::Result<Vec<u8>> {
    let mut table = Vec::new();
    let limit = limit as u64 + 1;
    let read = if import.file.as_os_str() == "-" {
        io::stdin().take(limit).read_to_end(&mut table)
    } else {
        File::open(&import.file).and_then(|file| file.take(limit).read_to_end(&mut table))
    };
    read.with_context(|| format!("could not read {}", import.file.display()))?;
    Ok(table)
}

fn dialect(dialect: Dialect) -> CsvDialect {
    match dialect {
        Dialect::Axl => CsvDialect::Axl,
        Dialect::Bat => CsvDialect::Bat,
        Dialect::Broadworks => CsvDialect::BroadWorks,
    }
}

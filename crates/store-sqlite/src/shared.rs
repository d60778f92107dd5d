//! What many rows share: the names of tenants, and the terms of codes.

use offhook_activation_code::{Binding, OutstandingCode, TenantId};
use rusqlite::{Connection, OptionalExtension, Params, params};

/// The number of a tenant, which gets one if it has none.
pub(crate) fn tenant(db: &Connection, tenant: &TenantId) -> rusqlite::Result<i64> {
    let select = "SELECT number FROM tenants WHERE name = ?1";
    if let Some(number) = number(db, select, [tenant.as_str()])? {
        return Ok(number);
    }
    db.prepare_cached("INSERT INTO tenants (name) VALUES (?1)")?
        .insert([tenant.as_str()])
}

/// The number of the terms of `code`, which get one if they have none.
pub(crate) fn terms(db: &Connection, code: &OutstandingCode) -> rusqlite::Result<i64> {
    let mode = code.mode().to_string();
    let binding = match code.binding() {
        Binding::Mac(_) => String::new(),
        binding => binding.to_string(),
    };
    let select = "SELECT number FROM terms WHERE mode = ?1 AND binding = ?2";
    if let Some(number) = number(db, select, params![mode, binding])? {
        return Ok(number);
    }
    db.prepare_cached(
        "INSERT INTO terms (mode, binding, certificate, models) VALUES (?1, ?2, ?3, ?4)",
    )?
    .insert(params![
        mode,
        binding,
        code.mode().requires_certificate(),
        models(code.binding())
    ])
}

fn number(db: &Connection, sql: &str, row: impl Params) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached(sql)?
        .query_row(row, |row| row.get(0))
        .optional()
}

/// Each model between two line ends, so that the redeem statement finds whole models only.
fn models(binding: &Binding) -> Option<String> {
    let lines = binding.models()?.iter().map(|model| format!("{model}\n"));
    Some(std::iter::once("\n".to_owned()).chain(lines).collect())
}

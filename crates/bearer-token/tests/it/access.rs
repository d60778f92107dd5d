//! Who may come in by which door, and what a subject is.

use offhook_bearer_token::{
    Access, AccessControl, AccessRefusal, DeviceOwnership, Scope, Subject, SubjectDirectory,
    SubjectKind, VerifiedToken,
};

use crate::forge::{Forge, SUBJECT, claims};

fn token(scope: &str, roles: &str) -> VerifiedToken {
    let scope = format!("\"{scope}\"");
    Forge::new()
        .judge(&claims(&[("scope", &scope), ("roles", roles)]))
        .unwrap()
}

fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

#[test]
fn a_device_needs_one_of_the_scopes_and_broadworks_connector_user_by_default() {
    let control = AccessControl::default();
    let check =
        |control: &AccessControl, scope: &str| control.check(&token(scope, ""), Access::Device);
    assert_eq!(check(&control, "broadworks-connector-user"), Ok(()));
    for other in [
        "",
        "broadworks-connector-users",
        "BROADWORKS-CONNECTOR-USER",
        "x",
    ] {
        let allowed = vec![Scope::BROADWORKS_CONNECTOR_USER];
        assert_eq!(
            check(&control, other),
            Err(AccessRefusal::Scope { allowed })
        );
    }
    let two = control.with_oauth_scopes([scope("a"), scope("b")]);
    assert_eq!(check(&two, "x b"), Ok(()));
    assert_eq!(two.scopes(Access::Device).len(), 2);
    let none = two.with_oauth_scopes([]);
    assert!(check(&none, "a").is_err());
}

#[test]
fn the_providers_list_asks_for_nothing_while_it_is_empty() {
    let control = AccessControl::default().with_provider_scopes([scope("cloud")]);
    let good = token("broadworks-connector-user", "");
    assert!(control.check(&good, Access::Device).is_err());
    let both = token("broadworks-connector-user cloud", "");
    assert_eq!(control.check(&both, Access::Device), Ok(()));
    let cleared = control.with_provider_scopes([]);
    assert_eq!(cleared.check(&good, Access::Device), Ok(()));
}

#[test]
fn no_list_makes_an_administrator_by_being_empty() {
    let admin = |control: &AccessControl, token: &VerifiedToken| {
        control.check(token, Access::Administrator)
    };
    let cleared = AccessControl::default();
    let token = token("admin broadworks-connector-user", "[\"reader\",\"full\"]");
    assert_eq!(admin(&cleared, &token), Err(AccessRefusal::Role));
    let by_role = cleared.clone().with_admin_roles(["full"]);
    assert_eq!(admin(&by_role, &token), Ok(()));
    let by_scope = cleared.with_admin_scopes([scope("admin")]);
    assert_eq!(admin(&by_scope, &token), Ok(()));
    // With both lists both are needed.
    let both = by_role.with_admin_scopes([scope("other")]);
    assert!(matches!(
        admin(&both, &token),
        Err(AccessRefusal::Scope { .. })
    ));
    let both = by_scope.with_admin_roles(["owner"]);
    assert_eq!(admin(&both, &token), Err(AccessRefusal::Role));
}

#[test]
fn roles_are_a_text_or_a_list_matched_whole_and_anything_else_is_none() {
    for (roles, has) in [
        ("\"full\"", true),
        ("[\"a\",\"full\"]", true),
        ("[\"a\",\"f\\u0075ll\"]", true),
        ("\"fuller\"", false),
        ("[\"Full\"]", false),
        ("[[\"full\"]]", false),
        ("[\"full\",1]", false),
        ("{\"full\":1}", false),
        ("7", false),
        ("", false),
    ] {
        assert_eq!(token("x", roles).has_role("full"), has, "{roles}");
    }
}

#[test]
fn a_machine_is_a_workspace_device_a_user_a_personal_one_and_the_uuid_is_the_name() {
    let machine: Subject = SUBJECT.parse().unwrap();
    let user: Subject = "11111111-8A80-4F1C-9D6B-1F3F0F1F2F3F".parse().unwrap();
    let directory = |subject: &Subject| match subject {
        subject if *subject == machine => Some(SubjectKind::Machine),
        subject if *subject == user => Some(SubjectKind::User),
        _ => None,
    };
    assert_eq!(
        directory.ownership(&machine),
        Some(DeviceOwnership::Workspace)
    );
    assert_eq!(directory.ownership(&user), Some(DeviceOwnership::Personal));
    let stranger = "22222222-8a80-4f1c-9d6b-1f3f0f1f2f3f".parse().unwrap();
    assert_eq!(directory.ownership(&stranger), None);
    assert_eq!(machine.device_name(), SUBJECT);
    assert_eq!(user.device_name(), "11111111-8a80-4f1c-9d6b-1f3f0f1f2f3f");
}

//! Which forms count.

use offhook_device_identity::{
    Attribute, ChainVerifier, IdentityError, Rule, Rules, Source, candidates, candidates_by,
};
use rcgen::{DnType, SanType};

use crate::authority::{Authority, device, now, serial_number};
use crate::subject::{Subject, orders};

const MAC: &str = "000E08ABCDEF";

fn by(rules: Rules, subject: &Subject) -> Result<(String, Rule), IdentityError> {
    let (der, _) = Authority::root("maker").issue(&device(subject));
    let found = candidates_by(&der, rules).unwrap();
    found
        .one()
        .map(|only| (only.mac().to_string(), only.rule()))
}

/// Each maker's form, with its preset.
fn makers() -> [(Rules, Rule, Subject); 7] {
    let (cn, ou) = (DnType::CommonName, DnType::OrganizationalUnitName);
    let (l, st) = (DnType::LocalityName, DnType::StateOrProvinceName);
    [
        (
            Rules::CISCO_ACCESS_POINT,
            Rule::Model,
            vec![(cn.clone(), "AP1G4-000E08ABCDEF"), (l.clone(), "San Jose")],
        ),
        (
            Rules::CISCO_LSC,
            Rule::Name,
            vec![(cn.clone(), "SEP000E08ABCDEF")],
        ),
        (
            Rules::CISCO_MIC,
            Rule::ModelAndName,
            vec![(cn.clone(), "CP-7961G-GE-SEP000E08ABCDEF")],
        ),
        (
            Rules::CISCO_MPP,
            Rule::CiscoMpp,
            vec![
                (ou.clone(), "CP-8841-3PCC"),
                (l.clone(), "88012BA01234"),
                (st.clone(), "000e08abcdef"),
            ],
        ),
        (
            Rules::CISCO_SPA,
            Rule::CiscoMpp,
            vec![(ou, "SPA-962"), (l, "88012BA01234"), (st, "000e08abcdef")],
        ),
        (
            Rules::CISCO_SUDI,
            Rule::Model,
            vec![
                (cn.clone(), "C9300-48UXM-000E08ABCDEF"),
                (serial_number(), "PID:C9300-48UXM SN:0123456789AB"),
            ],
        ),
        (Rules::YEALINK, Rule::CommonName, vec![(cn, "000e08abcdef")]),
    ]
}

#[test]
fn each_preset_takes_its_makers_form_in_every_order_and_no_other_form() {
    for (rules, rule, _) in makers() {
        for (_, other, subject) in makers() {
            for order in orders(&subject) {
                let expected = if rule == other {
                    Ok((MAC.to_owned(), rule))
                } else {
                    Err(IdentityError::NoAddress)
                };
                assert_eq!(by(rules, &order), expected, "{rule:?}: {order:?}");
            }
        }
    }
}

#[test]
fn rules_together_take_the_forms_of_each() {
    let both = Rules::CISCO_MPP.and(Rules::YEALINK);
    for (_, rule, subject) in makers() {
        let counts = matches!(rule, Rule::CiscoMpp | Rule::CommonName);
        assert_eq!(by(both, &subject).is_ok(), counts, "{rule:?}");
    }
}

#[test]
fn an_address_in_a_form_that_does_not_count_still_contradicts() {
    let subject = vec![
        (DnType::OrganizationalUnitName, "CP-8841-3PCC"),
        (DnType::LocalityName, "88012BA01234"),
        (DnType::StateOrProvinceName, "000e08abcdef"),
        (DnType::CommonName, "805ec0112233"),
    ];
    for order in orders(&subject) {
        let error = by(Rules::CISCO_MPP, &order).unwrap_err();
        assert!(
            matches!(error, IdentityError::Ambiguous { .. }),
            "{order:?}"
        );
    }
}

#[test]
fn an_attribute_counts_where_the_operator_names_it_and_nowhere_else() {
    for (attribute, kind) in [
        (Attribute::CommonName, DnType::CommonName),
        (Attribute::Locality, DnType::LocalityName),
        (
            Attribute::OrganizationalUnit,
            DnType::OrganizationalUnitName,
        ),
        (Attribute::SerialNumber, serial_number()),
        (Attribute::State, DnType::StateOrProvinceName),
    ] {
        let rules = Rules::attribute(attribute);
        for text in [
            "000e08abcdef",
            "00:0E:08:AB:CD:EF",
            "SEP000E08ABCDEF",
            "VVX410-000e08abcdef",
            "mac 000e08abcdef of phone",
        ] {
            let expected = Ok((MAC.to_owned(), Rule::Attribute(attribute)));
            assert_eq!(by(rules, &vec![(kind.clone(), text)]), expected, "{text}");
            let elsewhere = vec![(DnType::CustomDnType(vec![2, 5, 4, 12]), text)];
            assert_eq!(by(rules, &elsewhere), Err(IdentityError::NoAddress));
        }
        for text in ["000e08abcdef00", "phone", "000e08abcde", ""] {
            assert_eq!(
                by(rules, &vec![(kind.clone(), text)]),
                Err(IdentityError::NoAddress),
                "{text}"
            );
        }
        for text in ["000e08abcdef 805ec0112233", "805ec0112233-000e08abcdef"] {
            let error = by(rules, &vec![(kind.clone(), text)]).unwrap_err();
            assert!(matches!(error, IdentityError::Ambiguous { .. }), "{text}");
        }
        assert_eq!(
            by(rules, &vec![(kind, "ffffffffffff")]),
            Err(IdentityError::Shared)
        );
    }
}

#[test]
fn an_attribute_that_is_named_contradicts_the_forms_of_makers_and_they_it() {
    let subject = vec![
        (DnType::CommonName, "000e08abcdef"),
        (serial_number(), "88012BA01234"),
    ];
    for order in orders(&subject) {
        assert_eq!(by(Rules::ALL, &order).unwrap().0, MAC);
        for rules in [
            Rules::ALL.and(Rules::attribute(Attribute::SerialNumber)),
            Rules::attribute(Attribute::SerialNumber),
        ] {
            let Err(IdentityError::Ambiguous { first, second }) = by(rules, &order) else {
                panic!("{order:?}");
            };
            let mut both = [first.to_string(), second.to_string()];
            both.sort();
            assert_eq!(both, [MAC, "88012BA01234"]);
        }
    }
}

#[test]
fn an_alternative_name_counts_where_the_operator_names_it() {
    let mut params = device(&[]);
    let uri = "urn:dev:mac:000e08abcdef".try_into().unwrap();
    params.subject_alt_names = vec![SanType::URI(uri)];
    let (der, _) = Authority::root("maker").issue(&params);
    let rules = Rules::attribute(Attribute::AlternativeName);
    let found = candidates_by(&der, rules).unwrap();
    assert_eq!(found.one().unwrap().mac().to_string(), MAC);
    let found = candidates(&der).unwrap();
    assert_eq!(found.one(), Err(IdentityError::NoAddress));
}

#[test]
fn a_generic_certificate_is_shared_under_every_rule() {
    let subject = vec![
        (DnType::OrganizationalUnitName, "cisco.com"),
        (DnType::LocalityName, "ciscogeneric"),
        (DnType::StateOrProvinceName, "ciscogeneric"),
        (DnType::CommonName, "000e08abcdef"),
    ];
    for rules in [
        Rules::ALL,
        Rules::YEALINK,
        Rules::attribute(Attribute::Locality),
        Rules::attribute(Attribute::State),
    ] {
        assert_eq!(by(rules, &subject), Err(IdentityError::Shared));
    }
}

#[test]
fn a_verifier_gives_identities_by_its_rules() {
    let maker = Authority::root("maker");
    let (der, _) = maker.issue(&device(&[(serial_number(), "000e08abcdef")]));
    let builder = || ChainVerifier::builder().anchor(&maker.certificate).unwrap();
    let all = builder().build().unwrap();
    assert!(all.identify(std::slice::from_ref(&der), now()).is_err());

    let rules = Rules::attribute(Attribute::SerialNumber);
    let named = builder().rules(rules).build().unwrap();
    let identity = named.identify(&[der], now()).unwrap();
    assert_eq!(identity.mac().to_string(), MAC);
    assert_eq!(
        (identity.rule(), identity.source()),
        (
            Rule::Attribute(Attribute::SerialNumber),
            Source::Certificate
        )
    );
}

//! What the catalogue says of models.

use offhook_device_profile::Release;
use offhook_device_profile::catalogue::{
    CallHistory, CallHistoryRequest, FACTS, Feature, Line, LocalReason, MODELS, Owner, ReleaseOf,
    Series, Support, System, call_history, facts_of, series_of, support,
};

#[test]
fn every_fact_names_known_models_a_release_and_a_source() {
    for fact in FACTS {
        assert!(
            !fact.models.is_empty() || !fact.series.is_empty(),
            "{fact:?}"
        );
        assert!(!fact.source.section.is_empty(), "{fact:?}");
        for name in fact.models {
            assert!(MODELS.iter().any(|model| model.name == *name), "{name}");
            assert!(facts_of(name).any(|found| found == fact), "{name}");
        }
        if let Some(since) = fact.since {
            assert!(since.release.parse::<Release>().is_ok(), "{since}");
        }
    }
    for (at, model) in MODELS.iter().enumerate() {
        assert_eq!(series_of(model.name), Some(model.series), "{model:?}");
        assert!(!MODELS[..at].iter().any(|other| other.name == model.name));
    }
}

#[test]
fn models_are_known_by_the_names_they_are_sold_under() {
    for (name, series) in [
        ("8841", Series::IpPhone8800),
        ("CP-8841-3PCC-K9", Series::IpPhone8800),
        ("Cisco IP Phone 8851NR", Series::IpPhone8800),
        ("Cisco IP Conference Phone 7832", Series::IpPhone7800),
        ("Cisco Webex Room Kit Pro", Series::WebexRoomKit),
        ("RoomKit Mini", Series::WebexRoomKit),
        ("Webex Desk Pro", Series::WebexDesk),
        ("Cisco Room Bar", Series::WebexRoom),
        ("board 75", Series::WebexBoard),
        ("Cisco Video Phone 8875", Series::IpPhone8800),
        ("Cisco TelePresence MX200 G2", Series::TelePresence),
    ] {
        assert_eq!(series_of(name), Some(series), "{name}");
    }
    for unknown in [
        "",
        "Cisco",
        "884",
        "88411",
        "Yealink T54W",
        "Cisco Desk Phone 9851",
        &"8".repeat(200),
    ] {
        assert_eq!(series_of(unknown), None, "{unknown}");
        assert_eq!(facts_of(unknown).count(), 0, "{unknown}");
    }
}

#[test]
fn activation_codes_come_with_the_releases_of_the_guides() {
    let at = |model, system, of, release: &str| {
        let releases = [(of, release.parse().unwrap())];
        support(model, Feature::ActivationCode, system, &releases)
    };
    let unified_cm = |model, release| at(model, System::UnifiedCm, ReleaseOf::UnifiedCm, release);
    for model in [
        "7811", "7821", "7832", "7841", "7861", "8811", "8841", "8845", "8851", "8851NR", "8861",
        "8865", "8865NR",
    ] {
        assert!(
            matches!(unified_cm(model, "12.5(1)"), Support::Listed(_)),
            "{model}"
        );
        assert!(
            matches!(unified_cm(model, "12.0(1)"), Support::TooOld(_)),
            "{model}"
        );
        // The first of 12.5, without its number.
        for release in ["12.5", "X12.5", "12.5.0"] {
            assert!(
                matches!(unified_cm(model, release), Support::Listed(_)),
                "{model}"
            );
        }
    }
    for model in ["8832", "8832NR"] {
        assert!(matches!(unified_cm(model, "12.5"), Support::TooOld(_)));
        assert!(matches!(unified_cm(model, "12.5(1)"), Support::TooOld(_)));
        assert!(matches!(
            unified_cm(model, "12.5(1)SU1"),
            Support::Listed(_)
        ));
    }
    for model in ["8821", "6841", "8875"] {
        assert_eq!(unified_cm(model, "14"), Support::NotListed, "{model}");
    }
    let room = |model, release| at(model, System::BroadWorks, ReleaseOf::RoomOs, release);
    for model in ["Board 55", "Desk Mini", "Room 55", "Room Kit"] {
        assert!(
            matches!(room(model, "10.13"), Support::Listed(_)),
            "{model}"
        );
        assert!(
            matches!(room(model, "10.12.9"), Support::TooOld(_)),
            "{model}"
        );
    }
    let phone = |release| at("6841", System::BroadWorks, ReleaseOf::MppFirmware, release);
    assert!(matches!(
        phone("sip68xx.11-3-7MPP0001-1"),
        Support::Listed(_)
    ));
    assert!(matches!(phone("11.3.6"), Support::TooOld(_)));
    let unknown = support("8841", Feature::ActivationCode, System::UnifiedCm, &[]);
    assert!(matches!(unknown, Support::ReleaseUnknown(_)));
}

#[test]
fn remote_access_comes_with_any_of_the_programs_a_device_can_run() {
    let dx80 = |releases: &[(ReleaseOf, &str)]| {
        let releases: Vec<_> = releases
            .iter()
            .map(|(of, release)| (*of, release.parse().unwrap()))
            .collect();
        support("DX80", Feature::RemoteAccess, System::UnifiedCm, &releases)
    };
    // Listed among the Desk series without a first release.
    assert!(matches!(dx80(&[]), Support::Listed(_)));
    let dx70 = |of, release: &str| {
        let releases = [(of, release.parse().unwrap())];
        support("DX70", Feature::RemoteAccess, System::UnifiedCm, &releases)
    };
    assert!(matches!(
        dx70(ReleaseOf::Firmware, "10.2.4(99)"),
        Support::Listed(_)
    ));
    assert!(matches!(
        dx70(ReleaseOf::CeSoftware, "8.2"),
        Support::Listed(_)
    ));
    assert!(matches!(
        dx70(ReleaseOf::CeSoftware, "8.1"),
        Support::TooOld(_)
    ));
    for excluded in ["8821", "8821-EX", "8831"] {
        let found = support(excluded, Feature::RemoteAccess, System::UnifiedCm, &[]);
        assert_eq!(found, Support::NotListed);
    }
}

#[test]
fn directory_search_is_for_room_devices() {
    let search = |model| support(model, Feature::DirectorySearch, System::BroadWorks, &[]);
    for model in [
        "Desk",
        "Desk Mini",
        "Desk Pro",
        "Room Kit",
        "Room 55",
        "Board 70",
    ] {
        let Support::Listed(fact) = search(model) else {
            panic!("{model}");
        };
        assert_eq!(
            fact.note,
            "needs xConfiguration Webex DirectoryServiceSupport"
        );
    }
    assert_eq!(search("8841"), Support::NotListed);
}

fn history(change: impl Fn(&mut CallHistoryRequest<'static>)) -> CallHistory {
    let mut request = CallHistoryRequest::new("8841");
    change(&mut request);
    call_history(&request)
}

#[test]
fn unified_call_history_is_for_the_primary_line_of_a_cloud_aware_personal_phone() {
    let unified = |is_protected| CallHistory::Unified { is_protected };
    assert_eq!(history(|_| {}), unified(false));
    assert_eq!(history(|r| r.has_user_password = true), unified(true));
    assert_eq!(
        history(|r| r.line = Line::Other),
        CallHistory::Local(LocalReason::OtherLine)
    );
    assert_eq!(
        history(|r| r.owner = Owner::Workspace),
        CallHistory::Local(LocalReason::Workspace)
    );
    assert_eq!(
        history(|r| r.is_cloud_aware = false),
        CallHistory::Local(LocalReason::NotCloudAware)
    );
    assert_eq!(
        history(|r| r.model = "8832"),
        CallHistory::Local(LocalReason::Model)
    );
    for model in ["6821", "7861", "8875"] {
        assert_eq!(history(|r| r.model = model), unified(false), "{model}");
    }
}

#[test]
fn room_devices_need_the_toggle() {
    let room = |toggle| {
        history(|r| {
            r.model = "Desk Pro";
            r.is_cloud_aware = false;
            r.feature_toggle_webex_call = toggle;
        })
    };
    assert_eq!(
        room(true),
        CallHistory::Unified {
            is_protected: false
        }
    );
    assert_eq!(room(false), CallHistory::Local(LocalReason::FeatureToggle));
}

#[test]
fn facts_are_written_for_machines() {
    let fact = facts_of("8832").find(|fact| fact.feature == Feature::ActivationCode);
    let json = serde_json::to_value(fact.unwrap()).unwrap();
    assert_eq!(json["feature"], "activation code");
    assert_eq!(json["system"], "Unified CM");
    assert_eq!(json["since"], "Unified CM 12.5(1)SU1");
    assert_eq!(
        json["source"],
        "Unified CM, device onboarding by activation code, prerequisites"
    );
}

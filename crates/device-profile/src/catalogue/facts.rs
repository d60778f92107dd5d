//! The catalogue itself. Each fact stands in one of the guides, which is named with it; a series
//! that a guide names whole is written out here as far as the guides name its models.

use super::{Fact, Feature, Minimum, Model, ReleaseOf, Series, System};
use crate::{Document, Source};

/// The models that the guides name.
pub const MODELS: &[Model] = &[
    model("6821", Series::IpPhone6800),
    model("6841", Series::IpPhone6800),
    model("6851", Series::IpPhone6800),
    model("6861", Series::IpPhone6800),
    model("7811", Series::IpPhone7800),
    model("7821", Series::IpPhone7800),
    model("7832", Series::IpPhone7800),
    model("7841", Series::IpPhone7800),
    model("7861", Series::IpPhone7800),
    model("8811", Series::IpPhone8800),
    model("8821", Series::IpPhone8800),
    model("8821-EX", Series::IpPhone8800),
    model("8831", Series::IpPhone8800),
    model("8832", Series::IpPhone8800),
    model("8832NR", Series::IpPhone8800),
    model("8841", Series::IpPhone8800),
    model("8845", Series::IpPhone8800),
    model("8851", Series::IpPhone8800),
    model("8851NR", Series::IpPhone8800),
    model("8861", Series::IpPhone8800),
    model("8865", Series::IpPhone8800),
    model("8865NR", Series::IpPhone8800),
    model("8875", Series::IpPhone8800),
    model("DX650", Series::Dx),
    model("DX70", Series::Dx),
    model("DX80", Series::Dx),
    model("BOT", Series::Jabber),
    model("CSF", Series::Jabber),
    model("TAB", Series::Jabber),
    model("TCT", Series::Jabber),
    model("Jabber for Android", Series::Jabber),
    model("Jabber for iPhone and iPad", Series::Jabber),
    model("Jabber for Mac", Series::Jabber),
    model("Jabber for Windows", Series::Jabber),
    model("Board 55", Series::WebexBoard),
    model("Board 70", Series::WebexBoard),
    model("Board 85s", Series::WebexBoard),
    model("Desk", Series::WebexDesk),
    model("Desk Mini", Series::WebexDesk),
    model("Desk Pro", Series::WebexDesk),
    model("Codec Plus", Series::WebexRoom),
    model("Room 55", Series::WebexRoom),
    model("Room 55 Dual", Series::WebexRoom),
    model("Room 70 Dual G2", Series::WebexRoom),
    model("Room 70 G2", Series::WebexRoom),
    model("Room 70 Panorama", Series::WebexRoom),
    model("Room 70D Panorama", Series::WebexRoom),
    model("Room Panorama", Series::WebexRoom),
    model("Room Kit", Series::WebexRoomKit),
    model("Room Kit Mini", Series::WebexRoomKit),
    model("Room Kit Plus", Series::WebexRoomKit),
    model("Room Kit Pro", Series::WebexRoomKit),
    model("MX200 G2", Series::TelePresence),
    model("MX300 G2", Series::TelePresence),
    model("MX700", Series::TelePresence),
    model("MX800", Series::TelePresence),
    model("MX800 Dual", Series::TelePresence),
    model("SX10", Series::TelePresence),
    model("SX20", Series::TelePresence),
    model("SX80", Series::TelePresence),
];

/// All that the guides say.
pub const FACTS: &[Fact] = &[
    // Unified CM: activation codes and tokens.
    Fact {
        models: &[
            "7811", "7821", "7832", "7841", "7861", "8811", "8841", "8845", "8851", "8851NR",
            "8861", "8865", "8865NR",
        ],
        since: since(ReleaseOf::UnifiedCm, "12.5(1)"),
        source: Source::new(Document::ActivationCodes, "prerequisites"),
        ..unified_cm(Feature::ActivationCode)
    },
    Fact {
        models: &["8832", "8832NR"],
        since: since(ReleaseOf::UnifiedCm, "12.5(1)SU1"),
        source: Source::new(Document::ActivationCodes, "prerequisites"),
        ..unified_cm(Feature::ActivationCode)
    },
    Fact {
        models: &["BOT", "CSF", "TAB", "TCT"],
        since: since(ReleaseOf::UnifiedCm, "12.5"),
        source: Source::new(Document::SipOAuth, "overview"),
        ..unified_cm(Feature::SipOAuth)
    },
    Fact {
        models: &[
            "7811", "7821", "7832", "7841", "7861", "8811", "8832", "8832NR", "8841", "8845",
            "8851", "8851NR", "8861", "8865", "8865NR",
        ],
        since: since(ReleaseOf::UnifiedCm, "14"),
        source: Source::new(Document::SipOAuth, "overview"),
        ..unified_cm(Feature::SipOAuth)
    },
    // Unified CM: remote access, by the releases of the devices.
    Fact {
        models: &[
            "7811", "7821", "7841", "7861", "8811", "8841", "8845", "8851", "8851NR", "8861",
            "8865", "8865NR",
        ],
        since: since(ReleaseOf::Firmware, "11.0(1)"),
        note: "the list of trusted authorities cannot be changed on the device",
        source: ENDPOINTS,
        ..unified_cm(Feature::RemoteAccess)
    },
    Fact {
        models: &["7832", "8832"],
        since: since(ReleaseOf::Firmware, "12.1(1)"),
        source: ENDPOINTS,
        ..unified_cm(Feature::RemoteAccess)
    },
    Fact {
        models: &["DX650", "DX70", "DX80"],
        since: since(ReleaseOf::Firmware, "10.2.4(99)"),
        note: "on Android",
        source: ENDPOINTS,
        ..unified_cm(Feature::RemoteAccess)
    },
    Fact {
        models: &[
            "Board 55",
            "Board 70",
            "Board 85s",
            "Codec Plus",
            "DX80",
            "Desk Pro",
            "Room 55",
            "Room 55 Dual",
            "Room 70 Dual G2",
            "Room 70 G2",
            "Room 70 Panorama",
            "Room 70D Panorama",
            "Room Kit",
            "Room Kit Mini",
            "Room Kit Plus",
            "Room Kit Pro",
            "Room Panorama",
        ],
        note: "any release of CE software that the hardware takes",
        source: ENDPOINTS,
        ..unified_cm(Feature::RemoteAccess)
    },
    Fact {
        models: &[
            "DX70",
            "DX80",
            "MX200 G2",
            "MX300 G2",
            "MX700",
            "MX800",
            "MX800 Dual",
            "SX10",
            "SX20",
            "SX80",
        ],
        since: since(ReleaseOf::CeSoftware, "8.2"),
        source: ENDPOINTS,
        ..unified_cm(Feature::RemoteAccess)
    },
    Fact {
        models: &[
            "MX200 G2",
            "MX300 G2",
            "MX700",
            "MX800",
            "MX800 Dual",
            "SX10",
            "SX20",
            "SX80",
        ],
        since: since(ReleaseOf::TcSoftware, "7.1"),
        note: "also the EX, Profile and C series",
        source: ENDPOINTS,
        ..unified_cm(Feature::RemoteAccess)
    },
    Fact {
        models: &["Jabber for Windows"],
        since: since(ReleaseOf::Jabber, "9.7"),
        source: CLIENTS,
        ..unified_cm(Feature::RemoteAccess)
    },
    Fact {
        models: &["Jabber for iPhone and iPad"],
        since: since(ReleaseOf::Jabber, "9.6.1"),
        source: CLIENTS,
        ..unified_cm(Feature::RemoteAccess)
    },
    Fact {
        models: &["Jabber for Android", "Jabber for Mac"],
        since: since(ReleaseOf::Jabber, "9.6"),
        source: CLIENTS,
        ..unified_cm(Feature::RemoteAccess)
    },
    Fact {
        models: &[
            "Jabber for Android",
            "Jabber for Mac",
            "Jabber for Windows",
            "Jabber for iPhone and iPad",
        ],
        since: since(ReleaseOf::Jabber, "11.9"),
        source: CLIENTS,
        ..unified_cm(Feature::RemoteAccessOAuth)
    },
    // BroadWorks: Room OS.
    Fact {
        series: &[
            Series::WebexBoard,
            Series::WebexDesk,
            Series::WebexRoom,
            Series::WebexRoomKit,
        ],
        since: since(ReleaseOf::RoomOs, "10.13"),
        source: Source::new(Document::DeviceIntegration, "Room OS onboarding"),
        ..broadworks(Feature::ActivationCode)
    },
    Fact {
        series: &[
            Series::WebexBoard,
            Series::WebexDesk,
            Series::WebexRoom,
            Series::WebexRoomKit,
        ],
        since: since(ReleaseOf::RoomOs, "10.13"),
        source: Source::new(Document::DeviceIntegration, "Room OS prerequisites"),
        ..broadworks(Feature::WebexOnboarding)
    },
    Fact {
        models: &["Desk", "Desk Mini", "Desk Pro"],
        series: &[Series::WebexBoard, Series::WebexRoom, Series::WebexRoomKit],
        note: "needs Feature_Toggle_Webex_Call=Yes",
        source: Source::new(Document::DeviceIntegration, "end-user features of Room OS"),
        ..broadworks(Feature::UnifiedCallHistory)
    },
    Fact {
        models: &["Desk", "Desk Mini", "Desk Pro"],
        series: &[Series::WebexBoard, Series::WebexRoom, Series::WebexRoomKit],
        note: "needs xConfiguration Webex DirectoryServiceSupport",
        source: Source::new(Document::DeviceIntegration, "directory search of Room OS"),
        ..broadworks(Feature::DirectorySearch)
    },
    // BroadWorks: multiplatform telephones.
    Fact {
        models: MPP_MODELS,
        since: since(ReleaseOf::MppFirmware, "11.3.7"),
        note: "the guide names the models with unified call history only",
        source: Source::new(Document::DeviceIntegration, "MPP prerequisites"),
        ..broadworks(Feature::WebexOnboarding)
    },
    Fact {
        models: MPP_MODELS,
        since: since(ReleaseOf::MppFirmware, "11.3.7"),
        note: "a code is optional; the guide names the models with unified call history only",
        source: Source::new(
            Document::DeviceIntegration,
            "activation codes for MPP devices",
        ),
        ..broadworks(Feature::ActivationCode)
    },
    Fact {
        models: MPP_MODELS,
        note: "on the primary line of a cloud-aware device that is no workspace's",
        source: Source::new(
            Document::DeviceIntegration,
            "end-user features of MPP devices",
        ),
        ..broadworks(Feature::UnifiedCallHistory)
    },
];

const CLIENTS: Source = Source::new(Document::RemoteAccess, "table 6, clients");
const ENDPOINTS: Source = Source::new(Document::RemoteAccess, "table 7, endpoints");
const MPP_MODELS: &[&str] = &[
    "6821", "6841", "6851", "6861", "7811", "7821", "7841", "7861", "8811", "8841", "8845", "8851",
    "8861", "8865", "8875",
];

const fn model(name: &'static str, series: Series) -> Model {
    Model { name, series }
}

const fn since(of: ReleaseOf, release: &'static str) -> Option<Minimum> {
    Some(Minimum { of, release })
}

const fn unified_cm(feature: Feature) -> Fact {
    Fact {
        feature,
        system: System::UnifiedCm,
        models: &[],
        series: &[],
        since: None,
        note: "",
        source: Source::new(Document::Ours, ""),
    }
}

const fn broadworks(feature: Feature) -> Fact {
    Fact {
        system: System::BroadWorks,
        ..unified_cm(feature)
    }
}

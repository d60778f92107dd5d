//! The schemas of the `OpenAPI` description against the messages that they describe.

use std::fmt::Debug;
use std::net::IpAddr;

use offhook_activation_code::{ActivationCode, ProfileId};
use offhook_device_name::{DeviceModel, DeviceName, MacAddress};
use offhook_device_profile::TagName;
use offhook_onboarding::http::OPENAPI;
use offhook_onboarding::message::{
    ActivationAccepted, ActivationRequest, CodeIssued, CodePresented, CodeRequest, DeviceList,
    DeviceStatus, IdentityShown, MachineToken, MoveRequest, Problem, ProvisionRequest,
    RegistrationReport,
};
use offhook_onboarding::{LinePort, MailAddress};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

/// The description.
pub(crate) fn description() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

/// Whether `value` is what the schema `name` describes.
fn fits(description: &Value, name: &str, value: &Value) -> bool {
    let schema = &description["components"]["schemas"][name];
    assert!(schema.is_object(), "no schema {name}");
    holds(description, schema, value)
}

/// JSON Schema, as far as the description uses it; a keyword that is not known here fails.
fn holds(root: &Value, schema: &Value, value: &Value) -> bool {
    let each = schema.as_object().unwrap().iter();
    each.fold(true, |so_far, (keyword, wanted)| {
        so_far & keyword_holds(root, schema, keyword, wanted, value)
    })
}

fn keyword_holds(
    root: &Value,
    schema: &Value,
    keyword: &str,
    wanted: &Value,
    value: &Value,
) -> bool {
    let each_of = |schemas: &Value| -> Vec<bool> {
        let schemas = schemas.as_array().unwrap().iter();
        schemas.map(|schema| holds(root, schema, value)).collect()
    };
    let text = value.as_str();
    let length = text.map(|text| text.chars().count() as u64);
    let members = value.as_object();
    match keyword {
        "$ref" => {
            let pointer = wanted.as_str().unwrap().strip_prefix('#').unwrap();
            holds(root, root.pointer(pointer).unwrap(), value)
        }
        "type" => match wanted.as_str().unwrap() {
            "array" => value.is_array(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_u64() || value.is_i64(),
            "null" => value.is_null(),
            "object" => value.is_object(),
            "string" => value.is_string(),
            other => panic!("type {other}"),
        },
        "enum" => wanted.as_array().unwrap().contains(value),
        "const" => wanted == value,
        "allOf" => each_of(wanted).iter().all(|holds| *holds),
        "anyOf" => each_of(wanted).iter().any(|holds| *holds),
        "not" => !holds(root, wanted, value),
        "pattern" => text.is_none_or(|text| {
            let pattern = fancy_regex::Regex::new(wanted.as_str().unwrap()).unwrap();
            pattern.is_match(text).unwrap()
        }),
        "minLength" => length.is_none_or(|length| length >= wanted.as_u64().unwrap()),
        "maxLength" => length.is_none_or(|length| length <= wanted.as_u64().unwrap()),
        "minimum" => value
            .as_i64()
            .is_none_or(|number| number >= wanted.as_i64().unwrap()),
        "maxItems" => value
            .as_array()
            .is_none_or(|items| items.len() as u64 <= wanted.as_u64().unwrap()),
        "items" => value
            .as_array()
            .is_none_or(|items| items.iter().all(|item| holds(root, wanted, item))),
        "properties" => members.is_none_or(|members| {
            members.iter().all(|(name, value)| {
                let schema = wanted.get(name);
                schema.is_none_or(|schema| holds(root, schema, value))
            })
        }),
        "propertyNames" => members.is_none_or(|members| {
            members
                .keys()
                .all(|name| holds(root, wanted, &Value::from(name.as_str())))
        }),
        "required" => members.is_none_or(|members| {
            let names = wanted.as_array().unwrap().iter();
            let mut names = names.map(|name| name.as_str().unwrap());
            names.all(|name| members.contains_key(name))
        }),
        "additionalProperties" => members.is_none_or(|members| {
            members.iter().all(|(name, value)| {
                schema["properties"].get(name).is_some()
                    || match wanted {
                        Value::Bool(allowed) => *allowed,
                        schema => holds(root, schema, value),
                    }
            })
        }),
        "format" => text.is_none_or(|text| match wanted.as_str().unwrap() {
            "ipv4" => text.parse::<std::net::Ipv4Addr>().is_ok(),
            "ipv6" => text.parse::<std::net::Ipv6Addr>().is_ok(),
            "uuid" => text
                .parse::<Uuid>()
                .is_ok_and(|uuid| uuid.to_string() == text),
            other => panic!("format {other}"),
        }),
        "default" | "description" | "examples" | "readOnly" | "writeOnly" => true,
        other => panic!("keyword {other}"),
    }
}

/// Reads `json` as the message, writes it again, and holds both against the schema.
fn round_trip<T: Debug + DeserializeOwned + Serialize>(name: &str, json: &Value) {
    let description = description();
    assert!(fits(&description, name, json), "{name}: {json}");
    let message: T = serde_json::from_value(json.clone()).unwrap();
    let written = serde_json::to_value(&message).unwrap();
    assert!(fits(&description, name, &written), "{name}: {written}");
}

/// A message of a request: what is missing or too much is refused by the schema and by the service.
fn request<T: Debug + DeserializeOwned + Serialize>(name: &str, least: &Value, most: &Value) {
    let description = description();
    round_trip::<T>(name, least);
    round_trip::<T>(name, most);
    let mut bad = vec![json!(null), json!("x")];
    let mut more = most.clone();
    more["unknown"] = json!(1);
    bad.push(more);
    for member in least.as_object().unwrap().keys() {
        let mut less = most.clone();
        less.as_object_mut().unwrap().remove(member);
        bad.push(less);
        let mut null = most.clone();
        null[member] = json!(null);
        bad.push(null);
    }
    for json in bad {
        assert!(!fits(&description, name, &json), "{name}: {json}");
        assert!(serde_json::from_value::<T>(json).is_err(), "{name}");
    }
    for member in most.as_object().unwrap().keys() {
        let mut null = most.clone();
        null[member] = json!(null);
        let is_read = serde_json::from_value::<T>(null.clone()).is_ok();
        assert_eq!(fits(&description, name, &null), is_read, "{name}: {null}");
    }
}

#[test]
fn requests_are_what_their_schemas_say() {
    let least = json!({"profile": "room-7", "account": "a", "deviceType": "Room OS",
        "model": "Cisco Desk Pro", "ownership": "workspace", "linePort": "room-7@example.test"});
    let mut most = least.clone();
    most["macAddress"] = json!("001122334455");
    most["tags"] = json!({"%DISPLAY_NAME%": "Room 7"});
    request::<ProvisionRequest>("ProvisionRequest", &least, &most);
    most["ownership"] = json!({"workspace": null});
    assert!(!fits(&description(), "ProvisionRequest", &most));
    assert!(serde_json::from_value::<ProvisionRequest>(most).is_err());
    let recipient = json!({"recipient": "owner@example.test"});
    request::<CodeRequest>("CodeRequest", &json!({}), &recipient);
    let least = json!({"profile": "room-8"});
    let most = json!({"profile": "room-8", "recipient": "owner@example.test"});
    request::<MoveRequest>("MoveRequest", &least, &most);
    let least = json!({"activationCode": "1234-5678-9012-3456", "model": "Cisco Desk Pro",
        "macAddress": "001122334455"});
    let mut most = least.clone();
    most["redemptionKey"] = json!("0f".repeat(32));
    request::<CodePresented>("CodePresented", &least, &most);
    let least = json!({"macAddress": "001122334455"});
    let most = json!({"macAddress": "001122334455", "model": "Cisco Desk Pro",
        "serialNumber": "FOC2412N0AB", "activationCode": "1234567890123456"});
    request::<ActivationRequest>("ActivationRequest", &least, &most);
    let report = json!({"subject": "0b8a9f6e-3f6e-4b8e-9d1c-2f7f1d9f3b11",
        "sipAddress": "room-7@example.test", "ipAddress": "192.0.2.10"});
    request::<RegistrationReport>("RegistrationReport", &report, &report);
}

#[test]
fn answers_are_what_their_schemas_say() {
    let waiting = json!({"profile": "room-7", "account": "a", "deviceName": "BAT0123456789AB",
        "activationState": "activating", "model": "Cisco Desk Pro", "deviceType": "Room OS",
        "ownership": "personal", "macAddress": null, "serialNumber": null, "subject": null,
        "registered": false, "sipAddress": null, "ipAddress": null});
    let registered = json!({"profile": "room-8", "account": "a", "deviceName": "SEP001122334455",
        "activationState": "activated", "model": "Cisco Desk Pro", "deviceType": "Room OS",
        "ownership": "workspace", "macAddress": "001122334455", "serialNumber": "FOC2412N0AB",
        "subject": "0b8a9f6e-3f6e-4b8e-9d1c-2f7f1d9f3b11", "registered": true,
        "sipAddress": "room-7@example.test", "ipAddress": "2001:db8::1"});
    round_trip::<DeviceStatus>("DeviceStatus", &waiting);
    round_trip::<DeviceStatus>("DeviceStatus", &registered);
    let list = json!({"devices": [waiting, registered], "next": "room-8"});
    round_trip::<DeviceList>("DeviceList", &list);
    round_trip::<DeviceList>("DeviceList", &json!({"devices": []}));
    let issued = json!({"profile": "room-7", "expiryTime": 1_800_000_000_000_u64});
    round_trip::<CodeIssued>("CodeIssued", &issued);
    let shown =
        json!({"profile": "room-7", "expiryTime": 1, "activationCode": "1234-5678-9012-3456"});
    round_trip::<CodeIssued>("CodeIssued", &shown);
    let token = json!({"access_token": "a.b.c", "token_type": "Bearer", "expires_in": 3600});
    round_trip::<MachineToken>("MachineToken", &token);
    let token = json!({"access_token": "a.b.c", "token_type": "Bearer", "expires_in": 3600,
        "service_domain": "example.test"});
    round_trip::<MachineToken>("MachineToken", &token);
    let accepted =
        json!({"deviceName": "SEP001122334455", "configurationFile": "001122334455.xml"});
    round_trip::<ActivationAccepted>("ActivationAccepted", &accepted);
    let shown =
        json!({"macAddress": "001122334455", "rule": "common name", "source": "certificate"});
    round_trip::<IdentityShown>("IdentityShown", &shown);
    let problem = json!({"error": "not_found", "error_description": "nothing here"});
    round_trip::<Problem>("Problem", &problem);
}

/// Each text is read as what it may be exactly where the schema of that lets it pass.
#[test]
fn schemas_and_parsers_take_the_same_texts() {
    let description = description();
    let label = "a".repeat(63);
    let long_domain = [label.as_str(); 4].join(".");
    let mut texts: Vec<String> = TEXTS.iter().map(ToString::to_string).collect();
    for length in [
        1, 11, 12, 13, 40, 41, 61, 62, 63, 80, 81, 128, 129, 253, 254, 255,
    ] {
        texts.push("é".repeat(length));
        texts.push("A".repeat(length));
        texts.push(format!("{}@b", "a".repeat(length)));
        texts.push(format!("%{}%", "A".repeat(length)));
        texts.push(format!("CSF{}", "a".repeat(length)));
        texts.push(format!("{}{}", "1".repeat(16), " ".repeat(length)));
        texts.push(format!("a@{}", &long_domain[..length]));
    }
    let parsers: [(&str, Parses); 9] = [
        ("ProfileName", |text| ProfileId::new(text).is_ok()),
        ("AccountName", |text| ProfileId::new(text).is_ok()),
        ("DeviceModel", |text| DeviceModel::new(text).is_ok()),
        ("StationAddress", |text| {
            text.parse::<MacAddress>()
                .is_ok_and(|mac| !mac.is_multicast())
        }),
        ("LinePort", |text| text.parse::<LinePort>().is_ok()),
        ("MailAddress", |text| MailAddress::new(text).is_some()),
        ("TypedCode", |text| text.parse::<ActivationCode>().is_ok()),
        ("TypedUuid", |text| text.parse::<Uuid>().is_ok()),
        ("IpAddress", |text| text.parse::<IpAddr>().is_ok()),
    ];
    for (name, parses) in parsers {
        let passes = |text: &&String| fits(&description, name, &json!(text));
        let found: Vec<_> = texts.iter().filter(passes).collect();
        let wanted: Vec<_> = texts.iter().filter(|text| parses(text)).collect();
        assert_eq!(found, wanted, "{name}");
        assert!((1..texts.len()).contains(&found.len()), "{name}");
    }
    let tags = &description["components"]["schemas"]["ProvisionRequest"]["properties"]["tags"];
    for text in &texts {
        let name = text.parse::<TagName>();
        let is_custom = name.is_ok_and(|name| !name.is_native());
        let found = holds(&description, tags, &json!({ text: "x" }));
        assert_eq!(found, is_custom, "{text}");
        // Names of devices are only written: as they are kept, with digits in upper case.
        let name: Option<DeviceName> = text.parse().ok();
        let is_kept = name.is_some_and(|name| name.as_str() == text);
        assert_eq!(
            fits(&description, "DeviceName", &json!(text)),
            is_kept,
            "{text}"
        );
    }
}

type Parses = fn(&str) -> bool;

const TEXTS: [&str; 77] = [
    "",
    " ",
    ".",
    "..",
    "a",
    "a|b",
    " a",
    "a ",
    "a b",
    "\u{feff}a",
    "\u{85}",
    "\u{a0}a",
    "a\u{3000}",
    "a\u{7f}b",
    "a\nb",
    "a\n",
    "\u{2028}",
    "\u{10ffff}",
    "Cisco Desk Pro",
    "00:11:22:33:44:55",
    "0011.2233.4455",
    "001122-334455",
    "001122334455",
    "aaBBccDDeeFF",
    "00:11-22:33:44:55",
    "00:11:22:33:44:55:",
    ":00:11:22:33:44:55",
    "00112233445",
    "0011223344556",
    "01:11:22:33:44:55",
    "ff-ff-ff-ff-ff-ff",
    "00.11.22.33.44.55",
    "0011:22334455",
    "00:1122:334455",
    "room-7@example.test",
    "a@b",
    "a@",
    "@b",
    "a",
    "a@b@c",
    "a@-b",
    "a@b-",
    "a@b..c",
    "a@.b",
    "a b@c",
    "a@b.",
    "!#$%&'*+-/=?^_`{|}~.@b",
    "-_.!~*'()&=+$,;?/@b",
    "é@b",
    "a@é",
    "1234567890123456",
    "1234-5678-9012-3456",
    "1234 5678–9012 3456",
    "１２３４５６７８９０１２３４５６",
    "123456789012345",
    "12345678901234567",
    "1234_5678_9012_3456",
    "١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦",
    "\u{2003}1234567890123456\n",
    "0b8a9f6e-3f6e-4b8e-9d1c-2f7f1d9f3b11",
    "0B8A9F6E3F6E4B8E9D1C2F7F1D9F3B11",
    "urn:uuid:0b8a9f6e-3f6e-4b8e-9d1c-2f7f1d9f3b11",
    "{0b8a9f6e-3f6e-4b8e-9d1c-2f7f1d9f3b11}",
    "0b8a9f6e3f6e-4b8e-9d1c-2f7f1d9f3b11",
    "192.0.2.1",
    "192.0.2.01",
    "192.0.2",
    "2001:db8::1",
    "::ffff:192.0.2.1",
    "fe80::1%eth0",
    "[::1]",
    "%A%",
    "%B%",
    "%BW%",
    "%BA.x_-%",
    "SEP001122334455",
    "SEPaabbccddeeff",
];

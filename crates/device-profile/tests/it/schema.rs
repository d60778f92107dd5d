//! The published schema and the reader agree on each member.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use offhook_device_profile::{DeviceFamily, DeviceType, TagSet};
use serde_json::{Map, Value, json};

/// Which members a sample has.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Members {
    All,
    Required,
}

fn schema() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/dtaf-1.schema.json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// A value that fits a part of the schema.
fn sample(schema: &Value, part: &Value, members: Members) -> Value {
    if let Some(reference) = part["$ref"].as_str() {
        let name = reference.strip_prefix("#/$defs/").unwrap();
        return sample(schema, &schema["$defs"][name], members);
    }
    if let Some(value) = part.get("const") {
        return value.clone();
    }
    if let Some(values) = part["enum"].as_array() {
        return values.last().unwrap().clone();
    }
    if let Some(choices) = part["oneOf"].as_array() {
        return sample(schema, &choices[0], members);
    }
    match part["type"].as_str().unwrap() {
        "array" => json!([sample(schema, &part["items"], members)]),
        "boolean" => json!(true),
        "integer" => part["minimum"].clone(),
        "string" if part["pattern"] == "^[A-Z]{2}$" => json!("NO"),
        "string" if part["pattern"].is_string() => json!("%TAG%"),
        "string" => json!("x"),
        "object" => {
            let required = required(part);
            let properties = part["properties"].as_object().unwrap().iter();
            let kept = properties
                .filter(|(name, _)| members == Members::All || required.contains(name.as_str()));
            let members: Map<String, Value> = kept
                .map(|(name, part)| (name.clone(), sample(schema, part, members)))
                .collect();
            Value::Object(members)
        }
        other => panic!("{other}"),
    }
}

fn required(part: &Value) -> BTreeSet<&str> {
    let names = part["required"].as_array().unwrap();
    names.iter().map(|name| name.as_str().unwrap()).collect()
}

/// Reads a value as the type of this definition, and writes it again.
fn again(definition: &str, value: Value) -> Result<Value, serde_json::Error> {
    Ok(match definition {
        "deviceFamily" => serde_json::to_value(serde_json::from_value::<DeviceFamily>(value)?)?,
        "deviceType" => serde_json::to_value(serde_json::from_value::<DeviceType>(value)?)?,
        _ => serde_json::to_value(serde_json::from_value::<TagSet>(value)?)?,
    })
}

#[test]
fn what_the_schema_allows_is_read_and_written_as_it_was() {
    let schema = schema();
    for definition in ["deviceFamily", "deviceType", "tagSet"] {
        for members in [Members::All, Members::Required] {
            let value = sample(&schema, &schema["$defs"][definition], members);
            assert_eq!(again(definition, value.clone()).unwrap(), value);
        }
    }
}

#[test]
fn what_the_schema_requires_or_does_not_know_is_refused() {
    let schema = schema();
    // Each object by a way to it from the family, which has all the others.
    let family = sample(&schema, &schema["$defs"]["deviceFamily"], Members::All);
    for (way, definition) in [
        ("", "deviceFamily"),
        ("/deviceTypes/0", "deviceType"),
        ("/deviceTypes/0/files/0", "file"),
        ("/deviceTypes/0/cpeDeviceOptions", "cpeDeviceOptions"),
        (
            "/deviceTypes/0/cpeDeviceOptions/deviceManagementDeviceTypeOptions",
            "deviceManagementDeviceTypeOptions",
        ),
        (
            "/deviceTypes/0/cpeDeviceOptions/deviceManagementDeviceTypeOptions/accessDeviceCredentials",
            "accessDeviceCredentials",
        ),
        ("/tagSets/0", "tagSet"),
        ("/tagSets/0/tags/0", "tag"),
        ("/tagSets/0/regions/0", "region"),
        ("/tagSets/0/regions/0/tags/0", "regionalTag"),
    ] {
        let without = |name: &str| {
            let mut less = family.clone();
            let object = less.pointer_mut(way).unwrap().as_object_mut().unwrap();
            object.remove(name).unwrap();
            again("deviceFamily", less)
        };
        let part = &schema["$defs"][definition];
        assert_eq!(part["additionalProperties"], false, "{definition}");
        for name in part["properties"].as_object().unwrap().keys() {
            let is_required = required(part).contains(name.as_str());
            assert_eq!(without(name).is_err(), is_required, "{definition} {name}");
        }
        let mut more = family.clone();
        let object = more.pointer_mut(way).unwrap().as_object_mut().unwrap();
        object.insert("unknown".to_owned(), json!(true));
        assert!(again("deviceFamily", more).is_err(), "{definition}");
    }
}

#[test]
fn every_value_that_the_schema_names_is_read() {
    let schema = schema();
    for definition in [
        "deviceType",
        "file",
        "cpeDeviceOptions",
        "deviceManagementDeviceTypeOptions",
    ] {
        let way = match definition {
            "file" => "/files/0",
            "cpeDeviceOptions" => "/cpeDeviceOptions",
            "deviceManagementDeviceTypeOptions" => {
                "/cpeDeviceOptions/deviceManagementDeviceTypeOptions"
            }
            _ => "",
        };
        let properties = schema["$defs"][definition]["properties"]
            .as_object()
            .unwrap();
        for (name, part) in properties {
            for value in part["enum"].as_array().into_iter().flatten() {
                let mut device_type = sample(&schema, &schema["$defs"]["deviceType"], Members::All);
                device_type.pointer_mut(way).unwrap()[name] = value.clone();
                assert_eq!(
                    again("deviceType", device_type.clone()).unwrap(),
                    device_type
                );
            }
        }
    }
}

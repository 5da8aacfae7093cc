//! The JSON Schema of a scenario, for completion and hover help in editors.

use super::raw::Scenario;
use serde_json::{Value, json};

/// The JSON Schema (2020-12) of a scenario.
pub fn schema() -> Value {
    let generator = schemars::generate::SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Scenario>().to_value();
    free_notes(&mut schema);
    schema["title"] = json!("synod scenario");
    schema["required"] = json!(["version", "algorithm", "nodes"]);
    schema
}

/// Lets every map have keys that begin with `x-`, and merge keys.
fn free_notes(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("additionalProperties") == Some(&Value::Bool(false)) {
                map.insert("patternProperties".into(), json!({"^(x-|<<$)": true}));
            }
            map.values_mut().for_each(free_notes);
        }
        Value::Array(list) => list.iter_mut().for_each(free_notes),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_knows_every_key_and_says_what_it_is() {
        let schema = schema();
        let properties = schema["properties"].as_object().unwrap();
        assert!(properties.contains_key("events-limit"));
        for (key, property) in properties {
            assert!(property.to_string().contains("description"), "{key} has no hover help");
        }
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
}

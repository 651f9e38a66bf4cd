//! `rest.documentation.openapi`: the portal describes its v3, without any envelope.
//!
//! <https://apidocs.bitrix24.com/api-reference/rest-v3.html>

use super::dto::Dto;
use super::eventlog::ENTRY;
use super::service::AID;
use super::task3::TASK;
use super::world::World;
use super::{Method3, v3};
use crate::value::{Array, Value, map};

/// The whole document.
pub(crate) fn document(world: &World) -> Value {
    let mut paths = Array::new();
    for method in v3::METHODS.iter().filter(|method| !method.name.starts_with(AID)) {
        paths.set(format!("/{}", method.name), map! { "post" => operation(method) });
    }
    let mut schemas = Array::new();
    for dto in [&TASK, &ENTRY] {
        schemas.set(dto.name, schema(dto, world));
    }
    let tags: Vec<Array> = ["rest", "tasks", "main"].into_iter().map(|name| map! { "name" => name }).collect();
    map! {
        "openapi" => "3.0.0",
        "info" => map! { "title" => "Bitrix24 REST API", "version" => "3.0.0" },
        "tags" => tags,
        "paths" => paths,
        "components" => map! { "schemas" => schemas },
    }
    .into()
}

fn operation(method: &Method3) -> Array {
    let tag = method.name.split('.').next().filter(|tag| *tag != "batch").unwrap_or("rest");
    let json = map! { "application/json" => map! { "schema" => map! { "type" => "object" } } };
    map! {
        "tags" => vec![tag],
        "operationId" => method.name,
        "responses" => map! { "200" => map! { "description" => "Success", "content" => json } },
    }
}

fn schema(dto: &Dto, world: &World) -> Array {
    let mut properties = Array::new();
    for field in dto.fields {
        let (kind, format) = match dto.type_of(world, field) {
            "int" => ("integer", None),
            "float" => ("number", None),
            "bool" => ("boolean", None),
            "object" => ("string", Some("date-time")),
            _ => ("string", None),
        };
        let mut property = map! { "type" => kind };
        if let Some(format) = format {
            property.set("format", format);
        }
        properties.set(field.name, property);
    }
    map! { "type" => "object", "properties" => properties }
}

//! How a secret is written: `{ env = … }`, `{ file = … }`, `{ command = […] }`, `{ credential = … }`.

use super::place::{Part, Place, number};
use super::reader::Reading;
use super::secret::Secret;
use super::setting::{Setting, Wrong, quoted};
use super::suggest;
use crate::codes;
use config::{Map, Value, ValueKind};

const FORMS: &[&str] = &["env", "file", "command", "credential"];
const EXAMPLE: &str = "{ env = \"PASSWORD\" }";

/// Whether a table is a secret and not a table of settings.
pub(super) fn is_one(table: &Map<String, Value>) -> bool {
    !table.is_empty() && table.keys().all(|key| FORMS.contains(&key.as_str()))
}

/// Reads the secret `key`, which is written at `place`.
pub(super) fn read(
    reading: &mut Reading,
    key: &str,
    value: &Value,
    place: &Place,
) -> Option<Secret> {
    match form(key, value) {
        Ok(secret) => Some(secret),
        Err(wrong) => {
            let inner = wrong.element.as_deref().and_then(|element| reading.places.of(element));
            let place = inner.as_ref().unwrap_or(place);
            let problem = place.problem(Part::Value, wrong.code, wrong.message, wrong.fix);
            reading.problems.push(problem);
            None
        }
    }
}

fn form(key: &str, value: &Value) -> Result<Secret, Wrong> {
    let wrong =
        |message: String| Wrong::new(codes::SECRET, message, format!("Write `{key} = {EXAMPLE}`."));
    let table = match &value.kind {
        ValueKind::Table(table) => table,
        ValueKind::String(text) if text.is_empty() => {
            return Err(wrong(format!("`{key}` is empty.")));
        }
        ValueKind::String(text) => return Ok(Secret::Plain(text.clone())),
        _ => return Err(wrong(format!("`{key}` does not say where the secret is."))),
    };
    if let Some((other, value)) = table.iter().find(|(name, _)| !FORMS.contains(&name.as_str())) {
        let near = suggest::nearest(other, FORMS).unwrap_or("env");
        let message = format!("A secret has no form `{other}`.");
        let fix = format!("Did you mean `{near}`? Allowed: {}.", FORMS.join(", "));
        return Err(Wrong::new(codes::SECRET, message, fix).at(value));
    }
    // Two layers may give two forms: the later layer wins.
    let mut given: Vec<_> = table.iter().collect();
    given.sort_by_key(|(_, value)| number(value));
    let Some((form, value)) = given.last() else {
        return Err(wrong(format!("`{key}` does not say where the secret is.")));
    };
    let text = || String::read(form, value, false).map_err(|wrong| wrong.at(value));
    Ok(match form.as_str() {
        "env" => Secret::Env(text()?),
        "file" => Secret::File(text()?.into()),
        "credential" => Secret::Credential(text()?),
        _ => {
            let command = Vec::<String>::read("command", value, false)?;
            if command.is_empty() {
                return Err(wrong("`command` is empty.".to_owned()).at(value));
            }
            Secret::Command(command)
        }
    })
}

/// The secret as TOML, values hidden.
pub(super) fn show(secret: &Secret) -> String {
    match secret {
        Secret::Env(name) => format!("{{ env = {} }}", quoted(name)),
        Secret::File(path) => format!("{{ file = {} }}", quoted(&path.display().to_string())),
        Secret::Command(command) => {
            let program = command.first().map_or("", String::as_str);
            format!("{{ command = [{}, \"***\"] }}", quoted(program))
        }
        Secret::Credential(name) => format!("{{ credential = {} }}", quoted(name)),
        Secret::Plain(_) => "\"***\"".to_owned(),
    }
}

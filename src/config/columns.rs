//! Which columns are told, and how: left out, masked, with their types in the database.

use super::pattern::Pattern;
use super::reader::Reader;
use super::secret::Secret;
use super::secret_form;
use super::setting::{Setting, Wrong, quoted};
use crate::codes;
use config::{Value, ValueKind};
use walbrook_core::mask::{Algorithm, Input};

const EXAMPLE: &str = "[{ columns = [\"public.users.phone\"], with = \"***\" }]";
/// Ways to mask; each mask has one.
const FORMS: [&str; 4] = ["with", "length", "truncate", "hash"];

/// Which columns are told, and how.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// Columns that are told; none: all.
    pub include: Vec<Pattern>,
    /// Exceptions of these.
    pub exclude: Vec<Pattern>,
    /// Masks; the first that means a column decides.
    pub masks: Vec<Mask>,
    /// Columns whose schemas carry their type in the database.
    pub source_types: Vec<Pattern>,
    /// The same by type: patterns over `schema.table.TYPE`.
    pub source_datatypes: Vec<Pattern>,
}

/// What is told instead of the values of some columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    /// The columns.
    pub columns: Vec<Pattern>,
    /// What is told.
    pub form: MaskForm,
}

/// What is told instead of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum MaskForm {
    /// Always this text.
    Constant(String),
    /// The first characters.
    Truncate(u32),
    /// A salted hash.
    Hash {
        /// The function.
        algorithm: Algorithm,
        /// The salt, read when the connector starts.
        salt: Secret,
        /// What is hashed.
        input: Input,
    },
}

/// Reads everything about columns.
pub(super) fn read(reader: &mut Reader<'_>) -> Columns {
    Columns {
        include: reader.or("columns", Vec::new()),
        exclude: reader.or("exclude_columns", Vec::new()),
        masks: masks(reader),
        source_types: reader.or("propagate_types", Vec::new()),
        source_datatypes: reader.or("propagate_datatypes", Vec::new()),
    }
}

fn masks(reader: &mut Reader<'_>) -> Vec<Mask> {
    let Some(value) = reader.take("mask") else {
        reader.show("mask", Some("[]".to_owned()));
        return Vec::new();
    };
    let ValueKind::Array(elements) = &value.kind else {
        reader.wrong(&value, Wrong::wrong_type("mask", &value, "a list of masks", EXAMPLE));
        return Vec::new();
    };
    let section = reader.path("mask");
    let masks: Vec<Mask> = elements.iter().filter_map(|element| one(reader, element)).collect();
    reader.reading.shown.retain(|shown| shown.section != section);
    let shown: Vec<String> = masks.iter().map(show).collect();
    reader.show("mask", Some(format!("[{}]", shown.join(", "))));
    masks
}

fn one(reader: &mut Reader<'_>, element: &Value) -> Option<Mask> {
    if !matches!(element.kind, ValueKind::Table(_)) {
        let wrong = Wrong::wrong_type("mask", element, "a list of masks", EXAMPLE);
        reader.wrong(element, wrong);
        return None;
    }
    let section = reader.path("mask");
    let mut entry = Reader::element(reader.reading, &section, element.clone());
    let columns: Option<Vec<Pattern>> = entry.required("columns", "[\"public.users.phone\"]");
    if columns.as_ref().is_some_and(Vec::is_empty) {
        let message = "A mask has no columns.".to_owned();
        entry.problem("columns", codes::NAME, message, "Name at least one.".to_owned());
    }
    entry.know(&FORMS);
    entry.know(&["salt", "hash_version"]);
    let form = form(&mut entry);
    entry.finish();
    Some(Mask { columns: columns?, form: form? })
}

fn form(entry: &mut Reader<'_>) -> Option<MaskForm> {
    let given: Vec<&str> = FORMS.into_iter().filter(|form| entry.peek(form).is_some()).collect();
    let &[form] = given.as_slice() else {
        let message = "A mask says in one way what is told instead of the value.".to_owned();
        let fix = "Write one of `with`, `length`, `truncate` and `hash`.".to_owned();
        entry.problem(given.get(1).unwrap_or(&"with"), codes::CONTRADICTION, message, fix);
        return None;
    };
    for key in ["salt", "hash_version"] {
        if form != "hash" && entry.peek(key).is_some() {
            let message = format!("`{key}` belongs to `hash`.");
            entry.problem(key, codes::CONTRADICTION, message, "Take it out.".to_owned());
        }
    }
    Some(match form {
        "with" => MaskForm::Constant(constant(entry)?),
        "length" => MaskForm::Constant("*".repeat(entry.number("length", 0, 0, 65_535) as usize)),
        "truncate" => {
            MaskForm::Truncate(entry.number("truncate", 1, 1, i64::from(u32::MAX)) as u32)
        }
        _ => hash(entry)?,
    })
}

/// The text that stands for every value; it may be empty.
fn constant(entry: &mut Reader<'_>) -> Option<String> {
    let value = entry.take("with")?;
    match &value.kind {
        ValueKind::String(text) => Some(text.clone()),
        _ => {
            entry.wrong(&value, Wrong::wrong_type("with", &value, "text", "\"***\""));
            None
        }
    }
}

fn hash(entry: &mut Reader<'_>) -> Option<MaskForm> {
    let name: String = entry.required("hash", "\"SHA-256\"")?;
    let algorithm = algorithm(&name);
    if algorithm.is_none() {
        let names: Vec<&str> = Algorithm::ALL.iter().map(|(_, name)| *name).collect();
        let message = format!("`hash` cannot be {name:?}.");
        entry.problem("hash", codes::CHOICE, message, format!("Allowed: {}.", names.join(", ")));
    }
    let input = match entry.number("hash_version", 2, 1, 2) {
        1 => Input::JavaObject,
        _ => Input::Text,
    };
    let salt = entry.secret("salt");
    if salt.is_none() && entry.peek("salt").is_none() {
        entry.missing("salt", "{ env = \"SALT\" }");
    }
    Some(MaskForm::Hash { algorithm: algorithm?, salt: salt?, input })
}

/// The hash function called `name`, as Java calls it.
pub(crate) fn algorithm(name: &str) -> Option<Algorithm> {
    let plain = |name: &str| name.to_uppercase().replacen("SHA-", "SHA", 1);
    let wanted = if name.eq_ignore_ascii_case("SHA") { "SHA1".to_owned() } else { plain(name) };
    Algorithm::ALL.iter().find(|(_, known)| plain(known) == wanted).map(|(found, _)| *found)
}

/// The mask as TOML, without its salt.
fn show(mask: &Mask) -> String {
    let form = match &mask.form {
        MaskForm::Constant(text) => format!("with = {}", quoted(text)),
        MaskForm::Truncate(left) => format!("truncate = {left}"),
        MaskForm::Hash { algorithm, salt, input } => {
            let name = Algorithm::ALL.iter().find(|(known, _)| known == algorithm);
            let name = name.map_or("", |(_, name)| *name);
            let version = if *input == Input::Text { 2 } else { 1 };
            let salt = secret_form::show(salt);
            format!("hash = {}, hash_version = {version}, salt = {salt}", quoted(name))
        }
    };
    format!("{{ columns = {}, {form} }}", mask.columns.show())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_functions_are_called_as_in_java() {
        assert_eq!(algorithm("SHA-256"), Some(Algorithm::Sha256));
        assert_eq!(algorithm("sha512/256"), Some(Algorithm::Sha512Of256));
        assert_eq!(algorithm("SHA"), Some(Algorithm::Sha1));
        assert_eq!(algorithm("md5"), Some(Algorithm::Md5));
        assert_eq!(algorithm("SHA3-256"), None);
    }
}

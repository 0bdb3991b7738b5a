//! Tables of hand-made structures and images, and every type's schema against the reference's.

mod rows;
mod schemas;
mod treated;

use super::{Modes, Select};
use crate::flavor::Flavor;
use crate::structure::{Base, Column, Default, Structure, Type, UniqueKey};

/// A type of `base` without parameters.
pub(super) fn kind(base: Base) -> Type {
    Type {
        base,
        length: None,
        scale: None,
        unsigned: false,
        zerofill: false,
        charset: None,
        collation: None,
        labels: Vec::new(),
        compressed: false,
        written: None,
    }
}

/// A column called `name`.
pub(super) fn column(name: &str, kind: Type, nullable: bool) -> Column {
    Column {
        name: name.into(),
        kind,
        nullable,
        default: Default::None,
        generated: None,
        auto_increment: false,
        on_update: false,
        invisible: false,
        implicit: false,
        comment: None,
    }
}

/// The table `shop.t`.
pub(super) fn structure(columns: Vec<Column>, primary_key: &[&str]) -> Structure {
    Structure {
        database: "shop".into(),
        name: "t".into(),
        charset: "utf8mb4".into(),
        collation: None,
        columns,
        primary_key: primary_key.iter().map(ToString::to_string).collect(),
        unique_keys: Vec::new(),
        other_keys: Vec::new(),
        comment: None,
    }
}

fn keyed(primary: &[&str], unique: &[&[&str]]) -> Vec<usize> {
    let int = || kind(Base::Int);
    let columns =
        vec![column("a", int(), false), column("b", int(), false), column("Open", int(), true)];
    let mut structure = structure(columns, primary);
    structure.unique_keys = unique
        .iter()
        .map(|columns| UniqueKey {
            name: "u".into(),
            columns: columns.iter().map(ToString::to_string).collect(),
            prefixed: false,
        })
        .collect();
    Select::compile(&structure, &Modes::default(), Flavor::MySql).layout.key.clone()
}

#[test]
fn the_key_is_the_primary_key_or_the_first_unique_one_without_nulls() {
    assert_eq!(keyed(&["b", "a"], &[&["a"]]), [1, 0]);
    assert_eq!(keyed(&[], &[&["Open"], &["b", "Open"], &["b", "a"], &["a"]]), [1, 0]);
    assert_eq!(keyed(&[], &[&["open"]]), [0_usize; 0]);
    assert_eq!(keyed(&["OPEN"], &[]), [2], "names of columns have no case");
}

#[test]
fn equal_structures_have_equal_fingerprints_and_others_do_not() {
    let of = |nullable: bool, key: &[&str]| {
        let structure = structure(vec![column("a", kind(Base::Int), nullable)], key);
        Select::compile(&structure, &Modes::default(), Flavor::MySql).layout.fingerprint
    };
    assert_eq!(of(false, &["a"]), of(false, &["a"]));
    assert_ne!(of(false, &["a"]), of(false, &[]));
    assert_ne!(of(false, &[]), of(true, &[]));
}

#[test]
fn select_lists_name_every_column_and_quote_it() {
    let mut hidden = column("in`v", kind(Base::Int), true);
    hidden.invisible = true;
    let structure = structure(vec![column("a", kind(Base::Int), false), hidden], &[]);
    let select = Select::compile(&structure, &Modes::default(), Flavor::MySql);
    assert_eq!(select.select_list(), "`a`, `in``v`");
}

#[test]
fn comments_are_told_where_they_are_wanted() {
    let mut noted = column("a", kind(Base::Int), false);
    noted.comment = Some("it's".into());
    let doc = |comments: bool| {
        let modes = Modes { comments, ..Modes::default() };
        let structure = structure(vec![noted.clone()], &[]);
        let select = Select::compile(&structure, &modes, Flavor::MySql);
        select.layout.fields[0].schema.doc.as_deref().map(str::to_owned)
    };
    assert_eq!((doc(false), doc(true)), (None, Some("it's".into())));
}

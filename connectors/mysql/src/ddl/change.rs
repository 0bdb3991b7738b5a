//! ALTER TABLE → the structure afterwards.
//!
//! Every clause names columns as they were before the statement, whatever its other clauses do.
//!
//! ```text
//!  columns before ─▶ dropped, changed, renamed in place ─▶ added and moved, in order ─▶ after
//!  keys before ────▶ dropped, renamed, over columns that are left ─▶ added ─▶ sorted
//! ```

use super::build;
use super::clause::{Clause, Place};
use super::context::Context;
use super::cursor::{Failure, Read};
use super::keys::{self, same};
use super::resolve::{self, Resolved};
use super::spec::{ColumnSpec, Elements, KeySpec, Period};
use crate::flavor::Flavor;
use crate::structure::{Base, Column, Structure, charset};

/// The structure that `old` becomes. `database`: the character set of its database, where known.
pub(super) fn apply(
    old: &Structure,
    clauses: &[Clause],
    database: Option<&Resolved>,
    context: &Context,
) -> Read<Structure> {
    let mut new = old.clone();
    let converted = charsets(&mut new, clauses, database, context)?;
    let table = Resolved { charset: new.charset.clone(), collation: new.collation.clone() };
    let change = Change { old, clauses, table: &table, context };
    change.check()?;
    new.columns = change.left(converted.as_ref());
    change.place(&mut new.columns)?;
    change.drop_keys(&mut new)?;
    change.follow(&mut new);
    change.add_keys(&mut new)?;
    build::periods(&mut new, &change.periods());
    versioning(&mut new, clauses);
    for clause in clauses {
        if let Clause::Options(options) = clause
            && let Some(comment) = &options.comment
        {
            new.comment = Some(comment.clone()).filter(|comment| !comment.is_empty());
        }
    }
    keys::settle(&mut new);
    Ok(new)
}

/// Sets the character set of the table; what its columns are converted to.
fn charsets(
    new: &mut Structure,
    clauses: &[Clause],
    database: Option<&Resolved>,
    context: &Context,
) -> Read<Option<Resolved>> {
    let mut converted = None;
    for clause in clauses {
        let said = match clause {
            Clause::Convert(said) => said,
            Clause::Options(options) if options.charset.is_said() => &options.charset,
            _ => continue,
        };
        let mut base = Resolved { charset: new.charset.clone(), collation: new.collation.clone() };
        if said.of_database {
            let Some(database) = database else {
                return Err(Failure { expected: "a database whose charset is known", at: 0 });
            };
            base = database.clone();
        }
        let resolved = base.refine(said, context);
        new.charset.clone_from(&resolved.charset);
        new.collation.clone_from(&resolved.collation);
        if matches!(clause, Clause::Convert(_)) {
            converted = Some(resolved);
        }
    }
    Ok(converted)
}

fn versioning(new: &mut Structure, clauses: &[Clause]) {
    if clauses.contains(&Clause::DropVersioning) {
        new.columns.retain(|column| !column.implicit);
    }
    let wanted = clauses.iter().any(|c| matches!(c, Clause::Options(options) if options.versioned));
    let own = clauses.iter().any(|c| matches!(c, Clause::AddPeriod(period) if period.is_system()));
    if wanted && !own {
        build::add_versioning(new);
    }
}

struct Change<'a> {
    old: &'a Structure,
    clauses: &'a [Clause],
    table: &'a Resolved,
    context: &'a Context,
}

impl Change<'_> {
    /// Every column that is changed must be there: else what we know is not what the server has.
    fn check(&self) -> Read<()> {
        for clause in self.clauses {
            let name = match clause {
                Clause::Change(name, _, _, false)
                | Clause::Drop(name, false)
                | Clause::Default(name, _, false)
                | Clause::Invisible(name, _)
                | Clause::RenameColumn(name, _, false) => name,
                _ => continue,
            };
            if keys::column(self.old, name).is_none() {
                return Err(Failure { expected: "a column that is there", at: 0 });
            }
        }
        Ok(())
    }

    /// The columns that stay, without those that are moved.
    fn left(&self, converted: Option<&Resolved>) -> Vec<Column> {
        let mut left = Vec::with_capacity(self.old.columns.len());
        for column in &self.old.columns {
            let mut column = column.clone();
            if let Some(converted) = converted {
                convert(&mut column, converted);
            }
            let name = column.name.clone();
            let mut stays = true;
            for clause in self.clauses {
                match clause {
                    Clause::Drop(dropped, _) if same(dropped, &name) => stays = false,
                    Clause::Change(old, spec, place, _) if same(old, &name) => {
                        column = self.resolved(spec);
                        stays = *place == Place::Unsaid;
                    }
                    Clause::RenameColumn(old, new, _) if same(old, &name) => {
                        column.name.clone_from(new);
                    }
                    Clause::Default(of, default, _) if same(of, &name) => {
                        column.default = resolve::default(default.as_ref(), &column);
                        // MariaDB takes the one clause for the other's end.
                        column.on_update &= self.context.flavor == Flavor::MySql;
                    }
                    Clause::Invisible(of, invisible) if same(of, &name) => {
                        column.invisible = *invisible;
                    }
                    _ => {}
                }
            }
            if stays {
                left.push(column);
            }
        }
        left
    }

    /// A column as a definition in this statement makes it.
    fn resolved(&self, spec: &ColumnSpec) -> Column {
        let mut column = resolve::column(spec, self.table, self.context);
        let stamps = |spec: &&ColumnSpec| spec.kind.base == Base::Timestamp;
        let first = self.specs().find(stamps).is_some_and(|first| std::ptr::eq(first, spec));
        build::timestamp(&mut column, spec, first, self.context);
        column
    }

    /// Every definition of a column in this statement.
    fn specs(&self) -> impl Iterator<Item = &ColumnSpec> {
        self.clauses.iter().flat_map(|clause| match clause {
            Clause::Add(spec, _, _) | Clause::Change(_, spec, _, _) => std::slice::from_ref(spec),
            Clause::AddAll(elements, _) => elements.columns.as_slice(),
            _ => &[],
        })
    }

    /// Adds new columns and those that are moved, in the order of the clauses.
    fn place(&self, columns: &mut Vec<Column>) -> Read<()> {
        for clause in self.clauses {
            match clause {
                Clause::Add(spec, place, if_not_exists) => {
                    self.add(columns, spec, place, *if_not_exists)?;
                }
                Clause::AddAll(elements, if_not_exists) => {
                    for spec in &elements.columns {
                        self.add(columns, spec, &Place::Unsaid, *if_not_exists)?;
                    }
                }
                Clause::Change(old, spec, place, _)
                    if *place != Place::Unsaid && keys::column(self.old, old).is_some() =>
                {
                    self.insert(columns, self.resolved(spec), place)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn add(
        &self,
        columns: &mut Vec<Column>,
        spec: &ColumnSpec,
        place: &Place,
        if_not_exists: bool,
    ) -> Read<()> {
        if columns.iter().any(|column| same(&column.name, &spec.name)) {
            if if_not_exists {
                return Ok(());
            }
            return Err(Failure { expected: "a column that is not there", at: 0 });
        }
        self.insert(columns, self.resolved(spec), place)
    }

    fn insert(&self, columns: &mut Vec<Column>, column: Column, place: &Place) -> Read<()> {
        let at = match place {
            Place::First => usize::from(columns.first().is_some_and(is_generated_key)),
            // Columns that no statement declares stay the last.
            Place::Unsaid => columns.iter().take_while(|column| !column.implicit).count(),
            Place::After(name) => {
                let name = self.renamed(name, columns);
                let Some(at) = columns.iter().position(|column| same(&column.name, &name)) else {
                    return Err(Failure { expected: "AFTER a column that is there", at: 0 });
                };
                at + 1
            }
        };
        columns.insert(at.min(columns.len()), column);
        Ok(())
    }

    /// The name that a column has after this statement, where there is no column of the old name.
    fn renamed(&self, name: &str, columns: &[Column]) -> String {
        if columns.iter().any(|column| same(&column.name, name)) {
            return name.to_owned();
        }
        self.followed(name)
    }

    /// What the column of a key is called afterwards.
    fn followed(&self, name: &str) -> String {
        let new = self.clauses.iter().find_map(|clause| match clause {
            Clause::Change(old, spec, _, _) if same(old, name) => Some(&spec.name),
            Clause::RenameColumn(old, new, _) if same(old, name) => Some(new),
            _ => None,
        });
        new.map_or_else(|| name.to_owned(), Clone::clone)
    }

    fn drop_keys(&self, new: &mut Structure) -> Read<()> {
        for clause in self.clauses {
            match clause {
                Clause::DropPrimary => new.primary_key.clear(),
                Clause::DropKey(name, if_exists) if !keys::remove(new, name) && !if_exists => {
                    return Err(Failure { expected: "a key that is there", at: 0 });
                }
                // It may be a CHECK or a foreign key, too, which we do not know.
                Clause::DropConstraint(name) => {
                    new.unique_keys.retain(|key| !same(&key.name, name));
                }
                _ => {}
            }
        }
        for clause in self.clauses {
            if let Clause::RenameKey(from, to, _) = clause {
                let unique = new.unique_keys.iter_mut().map(|key| &mut key.name);
                for name in unique.chain(new.other_keys.iter_mut().map(|key| &mut key.name)) {
                    if same(name, from) {
                        name.clone_from(to);
                    }
                }
            }
        }
        Ok(())
    }

    /// Keys go with their columns.
    fn follow(&self, new: &mut Structure) {
        let columns = &new.columns;
        // Whether all of the key is gone.
        let follow = |key: &mut Vec<String>| {
            let before = key.len();
            for name in key.iter_mut() {
                *name = self.followed(name);
            }
            key.retain(|name| columns.iter().any(|column| same(&column.name, name)));
            key.is_empty() && before > 0
        };
        follow(&mut new.primary_key);
        new.unique_keys.retain_mut(|key| !follow(&mut key.columns));
        new.other_keys.retain_mut(|key| !follow(&mut key.columns));
    }

    fn add_keys(&self, new: &mut Structure) -> Read<()> {
        let periods = self.periods();
        for clause in self.clauses {
            let mut elements = Elements::default();
            let keys: &[KeySpec] = match clause {
                Clause::AddKey(key) => std::slice::from_ref(key),
                Clause::AddAll(elements, _) => &elements.keys,
                // Even where IF NOT EXISTS adds no column.
                Clause::Add(spec, _, _) => {
                    elements.column(spec.clone());
                    &elements.keys
                }
                Clause::Change(old, spec, _, _) if keys::column(self.old, old).is_some() => {
                    elements.column(spec.clone());
                    &elements.keys
                }
                _ => &[],
            };
            for key in keys {
                build::add_key(new, key, &periods)?;
            }
        }
        Ok(())
    }

    fn periods(&self) -> Vec<Period> {
        let of = |clause: &Clause| match clause {
            Clause::AddPeriod(period) => Some(period.clone()),
            _ => None,
        };
        self.clauses.iter().filter_map(of).collect()
    }
}

/// Whether it is the invisible primary key that MySQL generates, which always is the first column.
fn is_generated_key(column: &Column) -> bool {
    column.name == "my_row_id" && column.invisible && column.auto_increment
}

/// CONVERT TO CHARACTER SET: a TEXT grows so that it still holds as many characters.
fn convert(column: &mut Column, to: &Resolved) {
    if !resolve::is_text(column.kind.base) {
        return;
    }
    let bytes = |charset: &str| u64::from(charset::bytes(charset).unwrap_or(1));
    let from = column.kind.charset.as_deref().map_or(1, bytes).max(1);
    let capacity = match column.kind.base {
        Base::TinyText => Some(0xff_u64),
        Base::Text => Some(0xffff),
        Base::MediumText => Some(0xff_ffff),
        _ => None,
    };
    let into = bytes(&to.charset);
    if let Some(capacity) = capacity.filter(|_| into > from) {
        column.kind.base = resolve::sized(true, capacity / from * into);
        column.kind.written = None;
    }
    column.kind.charset = Some(to.charset.clone());
    column.kind.collation.clone_from(&to.collation);
    if to.charset == "binary" {
        resolve::make_binary(&mut column.kind);
    }
}

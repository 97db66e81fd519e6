//! From fields to columns of values: the lists around each value, or the reason why it is not read.

use std::collections::HashMap;

use vortex_base::dtype::DType;

use crate::error::{Fault, Outcome};
use crate::layout::{Column, Content, Layout, Origin, Stored};
use crate::limits::{MAX_BRANCH_DEPTH, MAX_PATH_BYTES, MAX_REPRESENTATIONS, MAX_VECTOR_LEVELS};
use crate::ntuple::encoding::Encoding;
use crate::ntuple::schema::{Role, Schema};
use crate::ntuple::widen::wider;

/// Largest product of the fixed dimensions of an item.
const MAX_ITEM_VALUES: u64 = 1 << 24;

/// A stored column in each representation of its field.
pub(super) type Slot = Vec<usize>;

/// The columns from which the values of one field are read.
#[derive(Debug)]
pub(super) struct Plan {
    /// The lists around an item, from the outside.
    pub(super) levels: Vec<Level>,
    pub(super) values: Slot,
    pub(super) dtype: DType,
    pub(super) values_per_item: u64,
}

/// How many items a list has.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Level {
    /// Always the same number.
    Fixed(u64),
    /// The ends of the lists are stored.
    Ends(Slot),
    /// One if the variant holds this alternative, else none.
    Alternative(Slot, u32),
}

/// The columns of an RNTuple in the order of its fields, and the plans of those that are read.
pub(super) fn columns(schema: &Schema) -> Outcome<(Vec<Column>, Vec<Plan>)> {
    let mut walk = Walk { schema, found: Vec::new(), path_bytes: 0 };
    for (number, field) in schema.fields.iter().enumerate() {
        // Projected fields show values of other fields.
        if field.parent == number && !field.projected {
            walk.field(number, &mut Vec::new(), &mut Vec::new())?;
        }
    }
    let mut short = HashMap::<String, usize>::new();
    for found in &walk.found {
        *short.entry(found.name(schema, true)).or_default() += 1;
    }
    let (mut columns, mut plans) = (Vec::new(), Vec::new());
    for found in walk.found {
        let mut path = found.name(schema, true);
        if short.get(&path).is_some_and(|n| *n > 1) {
            path = found.name(schema, false);
        }
        let content = match found.plan {
            Ok((plan, shape)) => {
                plans.push(plan);
                Content::Values(shape)
            }
            Err(reason) => Content::Unreadable(reason),
        };
        let origin = Origin::Plan(plans.len().saturating_sub(1));
        let name = path.rsplit('.').next().unwrap_or(&path).to_owned();
        columns.push(Column { name, path, content, origin });
    }
    Ok((columns, plans))
}

struct Walk<'s> {
    schema: &'s Schema,
    found: Vec<Found>,
    path_bytes: usize,
}

struct Found {
    /// The fields from the top, and the projected field that shows the values, if there is one.
    fields: Vec<usize>,
    shown_by: Option<usize>,
    plan: Result<(Plan, Layout), String>,
}

impl Found {
    /// The names of the fields, without those that C++ types give to their only member. `short`:
    /// without those of base classes, too.
    fn name(&self, schema: &Schema, short: bool) -> String {
        let mut fields = self.fields.clone();
        if let Some(mut field) = self.shown_by {
            fields = vec![field];
            // Deeper fields are refused where their values are; projected ones have none.
            while schema.fields[field].parent != field && fields.len() <= MAX_BRANCH_DEPTH {
                field = schema.fields[field].parent;
                fields.push(field);
            }
            fields.reverse();
        }
        let mut path = String::new();
        for (depth, number) in fields.iter().enumerate() {
            let field = &schema.fields[*number];
            let around = depth.checked_sub(1).map(|above| &schema.fields[fields[above]]);
            let only = around.is_some_and(|around| {
                field.name == "_0"
                    && around.children.len() == 1
                    && matches!(around.role, Role::Leaf | Role::Collection)
            });
            let base = short && field.name.starts_with(":_");
            if !only && !base {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&field.name);
            }
        }
        path
    }
}

impl Walk<'_> {
    /// Adds the columns of a field and of its members. `fields` and `levels` are those around it.
    fn field(
        &mut self,
        number: usize,
        fields: &mut Vec<usize>,
        levels: &mut Vec<Level>,
    ) -> Outcome<()> {
        let depth = fields.len();
        if depth > MAX_BRANCH_DEPTH {
            return Err(Fault::limit("fields in fields", depth as u64, MAX_BRANCH_DEPTH as u64));
        }
        let n_levels = levels.len();
        fields.push(number);
        let outcome = self.members(number, fields, levels);
        levels.truncate(n_levels);
        fields.pop();
        outcome
    }

    fn members(
        &mut self,
        number: usize,
        fields: &mut Vec<usize>,
        levels: &mut Vec<Level>,
    ) -> Outcome<()> {
        let schema = self.schema;
        let field = &schema.fields[number];
        if let Some(n) = field.repetition {
            if n == 0 || n > MAX_ITEM_VALUES {
                let reason = format!("arrays of {n} items; 1 to {MAX_ITEM_VALUES} are read");
                return self.add(fields, Err(reason));
            }
            levels.push(Level::Fixed(n));
        }
        let children = &field.children;
        match field.role {
            Role::Leaf if children.is_empty() => {
                let plan = self.leaf(number, levels);
                return self.add(fields, plan);
            }
            // Fixed arrays, enums and atomic values hold one field and have no columns.
            Role::Leaf if children.len() != 1 || !field.columns.is_empty() => {
                let reason =
                    format!("{} members of a field of type {}", children.len(), field.type_name);
                return self.add(fields, Err(reason));
            }
            Role::Streamer => {
                let reason =
                    format!("objects of class {} that ROOT's streamer wrote", field.type_name);
                return self.add(fields, Err(reason));
            }
            Role::Unknown(role) => {
                let reason = format!("a field of structure {role:#06x}, which is not known");
                return self.add(fields, Err(reason));
            }
            Role::Collection | Role::Variant => {
                let slot = match self.slot(number, 0, 1) {
                    Ok(slot) => slot,
                    Err(reason) => return self.add(fields, Err(reason)),
                };
                let switch = field.role == Role::Variant;
                let fits = |column: &usize| {
                    let encoding = &schema.columns[*column].encoding;
                    match encoding {
                        Ok(Encoding::Ends { .. }) => !switch,
                        Ok(Encoding::Switch) => switch,
                        _ => false,
                    }
                };
                if !slot.iter().all(fits) {
                    let reason = format!("the lists of {} are stored otherwise", field.type_name);
                    return self.add(fields, Err(reason));
                }
                if children.is_empty() {
                    let reason = "objects without members: only their numbers are stored";
                    return self.add(fields, Err(reason.to_owned()));
                }
                if switch {
                    for (alternative, child) in (1..).zip(children) {
                        levels.push(Level::Alternative(slot.clone(), alternative));
                        self.field(*child, fields, levels)?;
                        levels.pop();
                    }
                    return Ok(());
                }
                levels.push(Level::Ends(slot));
            }
            Role::Leaf | Role::Record => {}
        }
        for child in children {
            self.field(*child, fields, levels)?;
        }
        Ok(())
    }

    fn add(&mut self, fields: &[usize], plan: Result<(Plan, Layout), String>) -> Outcome<()> {
        let shown = plan.as_ref().ok().and_then(|(plan, _)| plan.values.first());
        let shown_by = shown.and_then(|column| self.schema.shown_by.get(column)).copied();
        let found = Found { fields: fields.to_vec(), shown_by, plan };
        self.path_bytes += found.name(self.schema, false).len();
        if self.path_bytes > MAX_PATH_BYTES {
            let limit = MAX_PATH_BYTES as u64;
            return Err(Fault::limit("bytes of paths", self.path_bytes as u64, limit));
        }
        self.found.push(found);
        Ok(())
    }

    /// The column at `place` of each representation, all of which must have `n` columns.
    fn slot(&self, field: usize, place: usize, n: usize) -> Result<Slot, String> {
        let field = &self.schema.fields[field];
        let n_forms = field.columns.len();
        if n_forms > MAX_REPRESENTATIONS {
            return Err(format!("{n_forms} representations; {MAX_REPRESENTATIONS} are read"));
        }
        if field.columns.is_empty() || field.columns.iter().any(|columns| columns.len() != n) {
            let found: Vec<_> = field.columns.iter().map(Vec::len).collect();
            return Err(format!(
                "a field of type {} with {found:?} columns where {n} is wanted",
                field.type_name
            ));
        }
        let slot: Slot = field.columns.iter().map(|columns| columns[place]).collect();
        for column in &slot {
            if let Err(reason) = &self.schema.columns[*column].encoding {
                return Err(reason.clone());
            }
        }
        Ok(slot)
    }

    fn leaf(&self, number: usize, levels: &[Level]) -> Result<(Plan, Layout), String> {
        let field = &self.schema.fields[number];
        let mut levels = levels.to_vec();
        let text = field.columns.first().is_some_and(|columns| columns.len() == 2);
        let values = if text {
            // Text: the ends, and the bytes.
            let ends = self.slot(number, 0, 2)?;
            let encodings = ends.iter().map(|column| &self.schema.columns[*column].encoding);
            if !encodings.into_iter().all(|e| matches!(e, Ok(Encoding::Ends { .. }))) {
                return Err(format!("two columns for a field of type {}", field.type_name));
            }
            levels.push(Level::Ends(ends));
            self.slot(number, 1, 2)?
        } else {
            self.slot(number, 0, 1)?
        };
        let mut dtype = None;
        for column in &values {
            let found = self.schema.columns[*column].encoding.as_ref().ok();
            let Some(found) = found.and_then(|encoding| encoding.dtype()) else {
                return Err(format!("a field of type {} that holds no numbers", field.type_name));
            };
            dtype = match dtype {
                None => Some(found),
                Some(other) => match wider(found, other) {
                    None => return Err(format!("stored as {found} and as {other}")),
                    both => both,
                },
            };
        }
        let dtype = dtype.ok_or("a field without columns")?;
        let mut shape = Vec::new();
        while let Some(Level::Fixed(n)) = levels.last() {
            // At most MAX_ITEM_VALUES.
            shape.insert(0, *n as usize);
            levels.pop();
        }
        let values_per_item = shape.iter().try_fold(1u64, |product, n| {
            product.checked_mul(*n as u64).filter(|product| *product <= MAX_ITEM_VALUES)
        });
        let Some(values_per_item) = values_per_item else {
            return Err(format!("items of {shape:?} values; {MAX_ITEM_VALUES} are read"));
        };
        if levels.len() > MAX_VECTOR_LEVELS {
            return Err(format!("{} lists in lists; {MAX_VECTOR_LEVELS} are read", levels.len()));
        }
        self.check_deferred(&levels, &values)?;
        let layout = Layout {
            dtype,
            shape,
            jagged: !levels.is_empty(),
            inner_levels: levels.len().saturating_sub(1),
            stored: Stored::Pages,
        };
        Ok((Plan { levels, values, dtype, values_per_item }, layout))
    }

    /// Elements that were not yet written are zeros. Their number is known for columns whose
    /// elements are not in lists of varying lengths.
    fn check_deferred(&self, levels: &[Level], values: &Slot) -> Result<(), String> {
        let slots = levels.iter().filter_map(|level| match level {
            Level::Fixed(_) => None,
            Level::Ends(slot) | Level::Alternative(slot, _) => Some(slot),
        });
        let inner = slots.chain([values]).skip(1).flatten();
        if inner.into_iter().any(|column| self.schema.columns[*column].first > 0) {
            return Err("added to the items of lists that were already written".to_owned());
        }
        Ok(())
    }
}

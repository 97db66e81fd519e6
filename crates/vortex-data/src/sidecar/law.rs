//! Grids, laws and distances in sidecars and as text.
//!
//! `delta: true`; `decimal: {digits: 6, places: 2}`; `law: {form: root_of_squares, constant: 0.0112, plus: [px, py, pz]}`;
//! `law: {form: sum, constant: 1, minus: [pc, pu]}`.

use serde::Deserialize;
use vortex_coder::decimal::DecimalGrid;
use vortex_coder::schema::{Field, Law, LawForm, Schema, Term};

/// `decimal` of a field.
#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GridEntry {
    digits: u8,
    places: u8,
}

/// `law` of a field, with the names of other fields.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LawEntry {
    form: FormName,
    #[serde(default)]
    constant: f64,
    #[serde(default)]
    plus: Vec<String>,
    #[serde(default)]
    minus: Vec<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FormName {
    Sum,
    RootOfSquares,
}

impl GridEntry {
    pub(super) fn grid(self) -> Result<DecimalGrid, String> {
        let Self { digits, places } = self;
        DecimalGrid::new(digits, places).ok_or_else(|| {
            format!("decimals of {digits} digits and {places} places; allowed: 1 to 8 digits, 0 to 30 places")
        })
    }
}

impl LawEntry {
    pub(super) fn law(&self, schema: &Schema) -> Result<Law, String> {
        let signed = |names: &[String], minus| -> Vec<(String, bool)> {
            names.iter().map(|name| (name.clone(), minus)).collect()
        };
        let terms = [signed(&self.plus, false), signed(&self.minus, true)].concat();
        let terms = terms.into_iter().map(|(name, minus)| {
            let field = schema.fields().iter().position(|field| field.name == name);
            let field =
                field.ok_or_else(|| format!("its law names {name:?}, which is no field"))?;
            // At most as many fields as bytes.
            Ok(Term { field: field as u16, minus })
        });
        let form = match self.form {
            FormName::Sum => LawForm::Sum,
            FormName::RootOfSquares => LawForm::RootOfSquares,
        };
        let terms = terms.collect::<Result<_, String>>()?;
        Ok(Law { form, constant: self.constant.to_bits(), terms })
    }
}

/// The keys of a field as [`super::to_yaml`] writes them, with a comma before; `quoted` makes a string of YAML.
pub(super) fn keys(schema: &Schema, field: &Field, quoted: impl Fn(&str) -> String) -> String {
    let mut text = String::new();
    if let Some(grid) = field.grid {
        text += &format!(", decimal: {{digits: {}, places: {}}}", grid.digits(), grid.places());
    }
    if let Some(law) = &field.law {
        let names = |minus| {
            let terms = law.terms.iter().filter(|term| term.minus == minus);
            let names = terms.map(|term| quoted(&schema.fields()[usize::from(term.field)].name));
            names.collect::<Vec<_>>().join(", ")
        };
        let form = match law.form {
            LawForm::Sum => "sum",
            LawForm::RootOfSquares => "root_of_squares",
        };
        let constant = f64::from_bits(law.constant);
        text += &format!(
            ", law: {{form: {form}, constant: {constant:?}, plus: [{}], minus: [{}]}}",
            names(false),
            names(true)
        );
    }
    if field.delta {
        text += ", delta: true";
    }
    text
}

/// What is known of the values of a field, as one reads it: `decimals of 6 digits`, `sqrt(0.0112 + px^2 + py^2)`;
/// empty where nothing is.
pub fn describe_field(schema: &Schema, index: usize) -> String {
    let field = &schema.fields()[index];
    let mut parts = Vec::new();
    if let Some(grid) = field.grid {
        let (digits, places) = (grid.digits(), grid.places());
        parts.push(format!("decimals of {digits} digits, at most {places} after the point"));
    }
    if let Some(law) = &field.law {
        let square = if law.form == LawForm::RootOfSquares { "^2" } else { "" };
        let terms = law.terms.iter().map(|term| {
            let sign = if term.minus { '-' } else { '+' };
            format!(" {sign} {}{square}", schema.fields()[usize::from(term.field)].name)
        });
        let sum = format!("{}{}", f64::from_bits(law.constant), terms.collect::<String>());
        parts.push(match law.form {
            LawForm::Sum => format!("near {sum}"),
            LawForm::RootOfSquares => format!("near sqrt({sum})"),
        });
    }
    if field.delta {
        parts.push("near the record before".into());
    }
    parts.join("; ")
}

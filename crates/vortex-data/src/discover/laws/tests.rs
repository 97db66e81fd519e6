//! Made tables with one law of each kind, of which one record in twenty breaks.

use vortex_coder::schema::{DType, Field, Predicted, Schema};

use super::super::{Search, discover};

const RECORDS: usize = 3000;

/// Numbers between 0 and 1 that repeat themselves in no short time.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next()
    }
}

/// px, py, pz, E
type Momentum = [f64; 4];

fn momentum([pt, eta, phi, m]: [f64; 4]) -> Momentum {
    let [x, y, z] = [pt * phi.cos(), pt * phi.sin(), pt * eta.sinh()];
    [x, y, z, (x * x + y * y + z * z + m * m).sqrt()]
}

fn sum(parts: &[Momentum]) -> Momentum {
    std::array::from_fn(|i| parts.iter().map(|p| p[i]).sum())
}

/// m, E, pt, eta, phi
fn described([x, y, z, e]: Momentum) -> [f64; 5] {
    let pt = x.hypot(y);
    [(e * e - x * x - y * y - z * z).sqrt(), e, pt, (z / pt).asinh(), y.atan2(x)]
}

fn distance(a: &[f64; 5], b: &[f64; 5]) -> f64 {
    let phi = (a[4] - b[4] + 3.0 * std::f64::consts::PI).rem_euclid(2.0 * std::f64::consts::PI)
        - std::f64::consts::PI;
    (a[3] - b[3]).hypot(phi)
}

/// Fields of a type, all of it, and records of what `row` draws, one in twenty of which has one value of another record.
fn table(
    names: &[&str],
    dtype: DType,
    mut row: impl FnMut(&mut Draw) -> Vec<f64>,
) -> (Schema, Vec<u8>) {
    let mut draw = Draw(1);
    let mut rows: Vec<Vec<f64>> = (0..RECORDS).map(|_| row(&mut draw)).collect();
    for i in (0..RECORDS).step_by(20) {
        // Each value breaks whatever it is part of.
        let shift = 1 + i / 20 % (names.len() - 1);
        rows[i].rotate_left(shift);
    }
    let bytes = rows.iter().flatten().flat_map(|&x| match dtype {
        DType::F32 => (x as f32).to_le_bytes().to_vec(),
        _ => x.to_le_bytes().to_vec(),
    });
    let size = dtype.size() as u32;
    let fields = names.iter().zip(0..).map(|(name, i)| Field::new(*name, dtype, i * size));
    let schema = Schema::new(names.len() * dtype.size(), fields.collect()).unwrap();
    (schema, bytes.collect())
}

/// What is known of the fields, by name; checks that something is, and that no others are predicted.
fn predicted(
    names: &[&str],
    dtype: DType,
    lawful: &[&str],
    row: impl FnMut(&mut Draw) -> Vec<f64>,
) -> Vec<String> {
    let (schema, bytes) = table(names, dtype, row);
    let found = discover(&schema, &bytes, Search { deltas: false, ..Search::default() }).unwrap();
    let fields = found.schema.fields().iter();
    let with: Vec<&str> = fields
        .filter(|field| *field.coding.predicted() != Predicted::Nothing)
        .map(|field| field.name.as_str())
        .collect();
    for name in lawful {
        // Of a copy and its original either one follows from the other.
        let known = with.contains(name) || *name == "copy" && with.contains(&"b_eta");
        assert!(known, "{name}: {:#?}", found.describe());
    }
    assert_eq!(with.len(), lawful.len(), "{:#?}", found.describe());
    for finding in &found.found {
        let least = 0.6 * finding.bits_before;
        assert!(finding.bits_after < least, "{:#?}", found.describe());
    }
    found.describe()
}

#[test]
fn a_parent_follows_from_its_children() {
    for dtype in [DType::F32, DType::F64] {
        let mut names = Vec::new();
        for particle in ["h", "a", "b"] {
            names.extend(["m", "e", "pt", "eta", "phi"].map(|what| format!("{particle}_{what}")));
        }
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.extend(["distance", "delta_phi", "angle"]);
        let lawful = ["h_m", "h_e", "h_pt", "h_eta", "h_phi", "distance", "delta_phi", "angle"];
        let rows = |draw: &mut Draw| {
            let mut child = || {
                let pt = 20.0 + 200.0 * draw.next().powi(2);
                let (eta, phi) = (draw.between(-2.5, 2.5), draw.between(-3.1, 3.1));
                momentum([pt, eta, phi, draw.between(5.0, 20.0)])
            };
            let (a, b) = (child(), child());
            let h = sum(&[a, b]);
            let [h5, a5, b5] = [h, a, b].map(described);
            let dot = |u: &Momentum, v: &Momentum| u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
            let across = (dot(&a, &a) * dot(&h, &h) - dot(&a, &h).powi(2)).max(0.0).sqrt();
            let along = (h[3] * dot(&a, &h) - dot(&h, &h) * a[3]) / h5[0];
            let mut delta_phi = a5[4] - b5[4];
            if delta_phi.abs() > std::f64::consts::PI {
                delta_phi -= delta_phi.signum() * 2.0 * std::f64::consts::PI;
            }
            let rest = [distance(&a5, &b5), delta_phi, across.atan2(along)];
            [&h5[..], &a5, &b5, &rest].concat()
        };
        // Of a particle its energy or its mass follows from the rest.
        let (schema, bytes) = table(&names, dtype, rows);
        let found =
            discover(&schema, &bytes, Search { deltas: false, ..Search::default() }).unwrap();
        for name in lawful {
            let field = found.schema.fields().iter().find(|field| field.name == name).unwrap();
            let known = *field.coding.predicted() != Predicted::Nothing;
            assert!(known, "{name} as {dtype}: {:#?}", found.describe());
        }
        let named = [
            ("h_pt", "near pt(a, b)"),
            ("h_m", "near m("),
            ("distance", "near delta_r(a, b)"),
            ("delta_phi", "delta_phi"),
            ("angle", "decay_angle(a in "),
        ];
        for (name, words) in named {
            let lines = found.describe();
            let line = lines.iter().find(|line| line.starts_with(&format!("{name}: ")));
            // Differences of angles are also found as sums.
            let plain =
                name == "delta_phi" && line.is_some_and(|line| line.contains("a_phi - b_phi"));
            assert!(plain || line.is_some_and(|line| line.contains(words)), "{name}: {lines:#?}");
        }
        for particle in ["a", "b"] {
            let own = |f: &&Field| f.name.starts_with(particle) && f.name.contains("_");
            let of_it = found.schema.fields().iter().filter(own);
            let n = of_it.filter(|f| *f.coding.predicted() != Predicted::Nothing).count();
            assert_eq!(n, 1, "{particle} as {dtype}: {:#?}", found.describe());
        }
    }
}

#[test]
fn choices_sums_and_copies() {
    let names = [
        "a_pt", "a_eta", "a_phi", "b_pt", "b_eta", "b_phi", "c_pt", "c_eta", "c_phi", "second",
        "total", "spread", "some", "copy", "opposite",
    ];
    let lawful = ["second", "total", "spread", "some", "copy", "opposite"];
    predicted(&names, DType::F64, &lawful, |draw| {
        let mut jet = || {
            let pt = 20.0 + 100.0 * draw.next().powi(2);
            [0.0, 0.0, pt, draw.between(-2.5, 2.5), draw.between(-3.1, 3.1)]
        };
        let jets = [jet(), jet(), jet()];
        let mut pts = jets.map(|jet| jet[2]);
        pts.sort_by(f64::total_cmp);
        let pairs = [(0, 1), (0, 2), (1, 2)];
        let (i, j) = pairs[(draw.next() * 3.0) as usize];
        let spread = jets.iter().map(|jet| jet[3].abs()).sum::<f64>() / 3.0;
        let mut row: Vec<f64> = jets.iter().flat_map(|jet| jet[2..].to_vec()).collect();
        row.extend([pts[1], pts.iter().sum(), spread, distance(&jets[i], &jets[j])]);
        row.extend([jets[1][3], std::f64::consts::PI - jets[2][4]]);
        row
    });
}

#[test]
fn products_and_times_of_flight() {
    let names = ["length", "pt", "pz", "time", "a", "b", "product", "ratio", "less"];
    let lawful = ["time", "product", "ratio", "less"];
    let lines = predicted(&names, DType::F64, &lawful, |draw| {
        let [length, pt, pz] =
            [draw.between(1.0, 30.0), draw.between(1.0, 8.0), draw.between(-5.0, 5.0)];
        let time =
            length * (pt * pt + pz * pz + 2.9913f64.powi(2)).sqrt() / 2.9913 / 2.997_924_58e10;
        let [a, b] = [draw.between(1.0, 9.0), draw.between(-0.4, 0.4)];
        vec![length, pt, pz, time, a, b, 2.5 * a * b, length / a, pt * (1.0 - b)]
    });
    assert!(lines.iter().any(|line| line.contains("sqrt(1.112650056053618")), "{lines:#?}");
}

#[test]
fn a_constant_mass_gives_one_component() {
    let names = ["x1", "y1", "z1", "x2", "y2", "z2", "x3", "y3", "z3"];
    let (schema, bytes) = table(&names, DType::F64, |draw| three_kaons(draw).to_vec());
    let found = discover(&schema, &bytes, Search { deltas: false, ..Search::default() }).unwrap();
    assert_eq!(found.found.len(), 1, "{:#?}", found.describe());
    let text = found.schema.describe(found.found[0].field);
    assert!(text.contains("243716.98"), "the square of a kaon's mass: {text}");
}

/// Momenta of three kaons of 493.677 MeV each, whose sum has a mass of 5279.
fn three_kaons(draw: &mut Draw) -> [f64; 9] {
    let (kaon, parent) = (493.677f64, 5279.0f64);
    loop {
        let mut row = [0.0; 9];
        for p in row.chunks_exact_mut(3) {
            p[0] = draw.between(-2000.0, 2000.0);
            p[1] = draw.between(-2000.0, 2000.0);
            p[2] = draw.between(2000.0, 60_000.0);
        }
        let mass = |row: &[f64; 9]| {
            let (mut e, mut sum) = (0.0, [0.0; 3]);
            for p in row.chunks_exact(3) {
                e += (p.iter().map(|x| x * x).sum::<f64>() + kaon * kaon).sqrt();
                sum.iter_mut().zip(p).for_each(|(sum, x)| *sum += x);
            }
            (e * e - sum.iter().map(|x| x * x).sum::<f64>()).sqrt()
        };
        // The last component is moved until the mass is right.
        let (mut low, mut high) = (row[8], 2e6);
        if mass(&row) > parent {
            continue;
        }
        for _ in 0..200 {
            row[8] = (low + high) / 2.0;
            if mass(&row) < parent { low = row[8] } else { high = row[8] }
        }
        return row;
    }
}

#[test]
fn nothing_is_found_in_noise() {
    let names = ["a", "b", "c", "d", "e", "f"];
    for dtype in [DType::F32, DType::F64] {
        predicted(&names, dtype, &[], |draw| {
            let [eta, phi] = [draw.between(-2.5, 2.5), draw.between(-3.1, 3.1)];
            vec![draw.next(), 50.0 * draw.next(), eta, phi, 90.0 * draw.next(), draw.next() - 0.5]
        });
    }
}

/// Neither many copies of a column, nor many that differ by constants, make the search propose all pairs.
#[test]
fn many_equal_and_shifted_columns() {
    let names: Vec<String> = (0..300).map(|i| format!("x{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for shifted in [false, true] {
        let (schema, bytes) = table(&names, DType::F64, |draw| {
            let x = draw.between(1.0, 9.0);
            (0..300).map(|i| if shifted { x + f64::from(i) } else { x }).collect()
        });
        let proposals = super::find(&schema, &bytes);
        assert!((100..=super::MOST).contains(&proposals.len()), "{}", proposals.len());
    }
}

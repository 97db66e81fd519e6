use std::collections::BTreeMap;

use super::*;
use crate::detect::detect;
use crate::synthetic::tables::{LABELS, PARTONS, class_of};

/// Recovers the draws from one record; the step of the event stays 0.
fn recover(bytes: &[u8]) -> (i32, EventDraws, u8, JetDraws) {
    let schema = SyntheticJets::schema();
    let at = |name: &str| {
        let field = schema.fields().iter().find(|f| f.name == name).unwrap();
        &bytes[field.offset as usize..field.end()]
    };
    let int = |name| i32::from_le_bytes(at(name).try_into().unwrap());
    let float = |name| f64::from(f32::from_le_bytes(at(name).try_into().unwrap()));
    let half = |name| u16::from_le_bytes(at(name).try_into().unwrap());
    let byte = |name| at(name)[0];

    let event = EventDraws {
        slice: (int("mcChannelNumber") - 801_165) as u16,
        jets: Some(u16::from(byte("nJets")) - 2),
        step: 0,
        weight: int("mcEventWeight") as u32 - (0x3c20 << 16),
        pile_up: 0,
    };
    let mut jet = JetDraws {
        pt: int("pt") as u32,
        eta: (float("eta") * 262_144.0 / 5.0 + 131_072.0) as u32,
        phi: ((float("phi") * 4096.0 / std::f64::consts::PI + 4096.0) / 2.0) as u32,
        flavour: LABELS.iter().position(|l| *l == int("HadronConeExclTruthLabelID")).unwrap()
            as u16,
        tracks: u16::from(byte("nTracks")),
        hard_scatter: u16::from(byte("isJvtHS")),
        vertex_tagger: u32::from(half("jvt")) - 0x3400,
        bottom_share: (float("pb") * 65_536.0) as u32,
        vertices: u16::from(byte("nSV")),
        ..JetDraws::default()
    };
    let parton = int("PartonTruthLabelID");
    let partons = PARTONS[usize::from(jet.flavour)];
    jet.parton = partons.iter().position(|(id, _)| *id == parton).unwrap() as u16;
    jet.vertex = (jet.vertices > 0).then(|| {
        let distance = (float("svDistance") * 100.0).round() as u32;
        (u32::from(half("svMass")) - 0x3800, distance)
    });

    // Find the remaining draws by trial: at most one value of each draw gives this record.
    let same = |event: &EventDraws, jet: &JetDraws, name: &str| {
        let mut record = Vec::new();
        record::append(&mut record, int("eventNumber"), event, byte("jetIndex"), jet);
        let field = schema.fields().iter().find(|f| f.name == name).unwrap();
        record[field.offset as usize..field.end()] == *at(name)
    };
    let mut event = event;
    let only = |values: Vec<u16>, name: &str| {
        assert_eq!(values.len(), 1, "{name}: {values:?} all give this record");
        values[0]
    };
    let find = |n: u16, name: &str, set: &dyn Fn(u16) -> (EventDraws, JetDraws)| {
        let fits = |v: &u16| {
            let (event, jet) = set(*v);
            same(&event, &jet, name)
        };
        only((0..n).filter(fits).collect(), name)
    };
    event.pile_up = find(80, "averageInteractionsPerCrossing", &|pile_up| {
        (EventDraws { pile_up, ..event }, jet)
    });
    jet.mass = find(16, "mass", &|mass| (event, JetDraws { mass, ..jet }));
    jet.response = find(32, "ptFromTruthJet", &|response| (event, JetDraws { response, ..jet }));
    jet.eta_shift =
        find(64, "etaFromTruthJet", &|eta_shift| (event, JetDraws { eta_shift, ..jet }));
    let charm = |v: u16| (event, JetDraws { charm_share: u32::from(v), ..jet });
    jet.charm_share = u32::from(find(256, "pc", &charm));
    (int("eventNumber"), event, byte("jetIndex"), jet)
}

/// The lower bound: no draw is lost, so records contain all entropy of the draws.
#[test]
fn draws_can_be_read_back() {
    let mut jets = SyntheticJets::new(11);
    let mut previous = FIRST_EVENT;
    for _ in 0..1500 {
        let (event, jet) = jets.next();
        let index = jets.next_jet - 1;
        let mut record = Vec::new();
        record::append(&mut record, jets.event_number, &event, index, &jet);
        assert_eq!(record.len(), STRIDE);
        let (number, mut recovered, recovered_index, recovered_jet) = recover(&record);
        if index == 0 {
            recovered.step = (number - previous - 1) as u16;
        } else {
            recovered.step = event.step;
            assert_eq!(number, previous);
        }
        previous = number;
        assert_eq!((recovered, recovered_index, recovered_jet), (event, index, jet));
    }
}

/// Plug-in entropies: counts of symbols by name and condition.
#[derive(Default)]
struct Counts(BTreeMap<(&'static str, usize), BTreeMap<u32, u32>>);

impl Counts {
    fn add(&mut self, name: &'static str, condition: impl Into<usize>, symbol: impl Into<u32>) {
        let symbols = self.0.entry((name, condition.into())).or_default();
        *symbols.entry(symbol.into()).or_default() += 1;
    }

    /// Sum over all symbols of log2(1/p), with the bias of the plug-in estimate taken out
    /// (Miller and Madow).
    fn bits(&self) -> f64 {
        let bits = |symbols: &BTreeMap<u32, u32>| {
            let n = f64::from(symbols.values().sum::<u32>());
            let data: f64 =
                symbols.values().map(|c| f64::from(*c) * (n / f64::from(*c)).log2()).sum();
            data + (symbols.len() - 1) as f64 / 2.0 * std::f64::consts::LOG2_E
        };
        self.0.values().map(bits).sum()
    }
}

#[test]
fn stated_entropy_is_that_of_the_draws() {
    let n = 150_000;
    let mut jets = SyntheticJets::new(5);
    let mut counts = Counts::default();
    let mut uniform_bits = 0;
    for _ in 0..n {
        let (e, j) = jets.next();
        if jets.next_jet == 1 {
            counts.add("slice", 0usize, e.slice);
            counts.add("jets", 0usize, e.jets());
            counts.add("step", 0usize, e.step);
            counts.add("weight", 0usize, e.weight >> 16);
            counts.add("pile-up", 0usize, e.pile_up);
            uniform_bits += 16;
        }
        let code = (j.pt >> 16) as u16;
        let (class, flavour) = (class_of(code), j.flavour);
        counts.add("pt", e.slice, code);
        counts.add("eta", 0usize, j.eta >> 10);
        counts.add("mass", 0usize, j.mass);
        counts.add("response", 0usize, j.response);
        counts.add("eta shift", 0usize, j.eta_shift);
        counts.add("flavour", class, flavour);
        counts.add("tracks", class, j.tracks);
        counts.add("hard scatter", class, j.hard_scatter);
        counts.add("vertex tagger", class, j.vertex_tagger >> 6);
        counts.add("parton", flavour, j.parton);
        counts.add("bottom", flavour, j.bottom_share >> 8);
        counts.add("charm", flavour, j.charm_share >> 3);
        counts.add("vertices", flavour, j.vertices);
        uniform_bits += 16 + 10 + 12 + 6 + 8 + 3;
        if let Some((mass, distance)) = j.vertex {
            counts.add("vertex mass", flavour, mass >> 5);
            counts.add("vertex distance", flavour, distance >> 3);
            uniform_bits += 5 + 3;
        }
    }
    let measured = (counts.bits() + f64::from(uniform_bits)) / f64::from(n);
    let (lower, upper) = jets.entropy_bits_per_record();
    println!("stated {lower:.6} to {upper:.6} bits a record, measured {measured:.3}");
    assert!(lower < upper && upper - lower < 1e-5);
    assert!((measured - lower).abs() < 0.1, "{measured} against {lower}");
}

#[test]
fn low_bits_are_uniform() {
    let mut jets = SyntheticJets::new(6);
    let mut counts = Counts::default();
    let n = 50_000;
    for _ in 0..n {
        let (_, j) = jets.next();
        counts.add("pt low", 0usize, j.pt & 0xff);
        counts.add("pt high", 0usize, j.pt >> 8 & 0xff);
        counts.add("eta", 0usize, j.eta & 0xff);
        counts.add("phi", 0usize, j.phi >> 4);
        counts.add("bottom", 0usize, j.bottom_share & 0xff);
    }
    let measured = counts.bits() / f64::from(n);
    assert!((measured - 40.0).abs() < 0.01, "{measured}");
}

#[test]
fn general_compressors_stay_above_the_bound() {
    let n = 20_000;
    let bytes = SyntheticJets::generate(7, n);
    let (lower, _) = SyntheticJets::new(7).entropy_bits_per_record();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 9);
    xz.write_all(&bytes).unwrap();
    let sizes = [
        ("xz -9", xz.finish().unwrap().len()),
        ("zstd -19", zstd::encode_all(bytes.as_slice(), 19).unwrap().len()),
    ];
    let bound = lower * n as f64 / 8.0;
    for (name, size) in sizes {
        let ratio = size as f64 / bound;
        println!("{name}: {size} bytes, {ratio:.3} of the bound ({bound:.0})");
        assert!(ratio > 1.1, "{name}: {ratio}");
    }
}

#[test]
fn the_physics_holds() {
    let bytes = SyntheticJets::generate(8, 20_000);
    let schema = SyntheticJets::schema();
    let offset =
        |name: &str| schema.fields().iter().find(|f| f.name == name).unwrap().offset as usize;
    let [pt, eta, phi, mass, energy] = ["pt", "eta", "phi", "mass", "energy"].map(offset);
    let [pb, pc, pu] = ["pb", "pc", "pu"].map(offset);
    let label = offset("HadronConeExclTruthLabelID");
    let mut soft = 0;
    let mut bottom = [(0.0, 0); 2];
    for record in bytes.chunks_exact(STRIDE) {
        let float = |at: usize| f32::from_le_bytes(record[at..at + 4].try_into().unwrap());
        assert_eq!(float(pb) + float(pc) + float(pu), 1.0);
        let (pt, mass) = (f64::from(float(pt)), f64::from(float(mass)));
        assert!((20.0..2560.0).contains(&pt) && mass < pt);
        assert!(float(eta).abs() <= 2.5 && float(phi).abs() <= std::f32::consts::PI);
        let exact = ((pt * f64::from(float(eta)).cosh()).powi(2) + mass * mass).sqrt();
        assert!((f64::from(float(energy)) - exact).abs() < 0.501);
        soft += u32::from(pt < 40.0);
        let is_bottom = usize::from(record[label] == 5);
        bottom[is_bottom].0 += float(pb);
        bottom[is_bottom].1 += 1;
    }
    assert!((5_000..13_000).contains(&soft), "{soft}");
    let mean = bottom.map(|(sum, n)| sum / n as f32);
    assert!(mean[0] < 0.25 && mean[1] > 0.75, "{mean:?}");
}

#[test]
fn the_same_bytes_in_pieces_and_on_every_machine() {
    let whole = SyntheticJets::generate(1, 3000);
    let mut pieces = Vec::new();
    let mut jets = SyntheticJets::new(1);
    for n in [0, 1, 999, 1500, 500] {
        jets.write(n, &mut pieces).unwrap();
    }
    assert!(whole == pieces);
    assert!(whole != SyntheticJets::generate(2, 3000));
    assert_eq!(
        blake3::hash(&SyntheticJets::generate(2026, 20_000)).to_hex().as_str(),
        "1ae948ea6a9d5b5a141e8f188eb44d580b07891bff3436aff8b7fc0e4b29c0c6"
    );
}

#[test]
fn records_are_detected() {
    let found = detect(&SyntheticJets::generate(4, 10_000));
    assert_eq!(found.schema.stride(), STRIDE);
    let truth = SyntheticJets::schema();
    let place =
        |s: &Schema| -> Vec<_> { s.fields().iter().map(|f| (f.offset, f.dtype.size())).collect() };
    let (seen, expected) = (place(&found.schema), place(&truth));
    let same = seen.iter().filter(|f| expected.contains(f)).count();
    println!("{same} of {} fields: {seen:?}", expected.len());
    assert!(same >= 20);
}

#[test]
fn errors_of_the_writer_are_passed_on() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let error = SyntheticJets::new(1).write(2000, &mut Full).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

//! Places for the names of points, so that they lie on no point and on no other name.

/// A point in pixels, and the name beside it.
pub struct Named<'a> {
    /// Place of the point.
    pub at: (f64, f64),
    /// Its name.
    pub name: &'a str,
}

/// Where a name begins or ends, from its point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Pixels to the right and down, to the base line.
    pub shift: (f64, f64),
    /// `text-anchor` of SVG.
    pub anchor: &'static str,
}

/// Pixels of a letter and a line at the size of the chart's text, and the radius of a mark.
const LETTER: f64 = 6.6;
const LINE: f64 = 13.0;
const MARK: f64 = 6.0;

const PLACES: [Place; 6] = [
    Place { shift: (10.0, 4.0), anchor: "start" },
    Place { shift: (-10.0, 4.0), anchor: "end" },
    Place { shift: (0.0, -10.0), anchor: "middle" },
    Place { shift: (0.0, 19.0), anchor: "middle" },
    Place { shift: (8.0, -7.0), anchor: "start" },
    Place { shift: (8.0, 15.0), anchor: "start" },
];

/// A place for each name inside a chart of this size; `None` where there is none. Earlier names
/// choose first.
pub fn places(points: &[Named<'_>], (width, height): (f64, f64)) -> Vec<Option<Place>> {
    let marks = points.iter().map(|p| Area::around(p.at));
    let mut taken: Vec<Area> = marks.collect();
    let mut places = Vec::new();
    for point in points {
        let inside = |area: &Area| {
            area.left >= 0.0
                && area.right <= width + 8.0
                && area.top >= -4.0
                && area.bottom <= height
        };
        let free = |area: &Area| !taken.iter().any(|other| other.meets(area));
        let found = PLACES.into_iter().find_map(|place| {
            let area = Area::of(point, place);
            (inside(&area) && free(&area)).then_some((place, area))
        });
        places.push(found.map(|(place, area)| {
            taken.push(area);
            place
        }));
    }
    places
}

struct Area {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Area {
    fn around((x, y): (f64, f64)) -> Self {
        Self { left: x - MARK, right: x + MARK, top: y - MARK, bottom: y + MARK }
    }

    fn of(point: &Named<'_>, place: Place) -> Self {
        let width = LETTER * point.name.chars().count() as f64;
        let (x, y) = (point.at.0 + place.shift.0, point.at.1 + place.shift.1);
        let left = match place.anchor {
            "start" => x,
            "end" => x - width,
            _ => x - width / 2.0,
        };
        Self { left, right: left + width, top: y - LINE * 0.8, bottom: y + LINE * 0.2 }
    }

    fn meets(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_way_and_stay_inside() {
        let at = |x, y| Named { at: (x, y), name: "zstd -19" };
        let found = places(&[at(100.0, 100.0), at(104.0, 101.0), at(395.0, 100.0)], (400.0, 200.0));
        assert_eq!(found[0].unwrap().anchor, "start");
        assert_ne!(found[1], found[0]);
        assert_eq!(found[2].unwrap().anchor, "end");
        // Of many at one place, some stay without a name.
        let crowd: Vec<Named<'_>> = (0..20).map(|_| at(200.0, 100.0)).collect();
        assert!(places(&crowd, (400.0, 200.0)).iter().any(Option::is_none));
    }
}

//! How far away a service is: an estimate from distance alone, because nobody asked the network.

use std::f64::consts::PI;

crate::offerings::words! {
    /// Where calls come from, as far as a buyer wants to say.
    Place {
        WesternEurope = "western-europe",
        NorthernEurope = "northern-europe",
        EasternEurope = "eastern-europe",
        EasternUs = "us-east",
        WesternUs = "us-west",
        SouthAmerica = "south-america",
        MiddleEast = "middle-east",
        Africa = "africa",
        India = "india",
        SoutheastAsia = "southeast-asia",
        EastAsia = "east-asia",
        Australia = "australia",
    }
}

impl Place {
    pub const fn title(self) -> &'static str {
        match self {
            Self::WesternEurope => "Western Europe",
            Self::NorthernEurope => "Northern Europe",
            Self::EasternEurope => "Eastern Europe",
            Self::EasternUs => "Eastern US and Canada",
            Self::WesternUs => "Western US and Canada",
            Self::SouthAmerica => "South America",
            Self::MiddleEast => "Middle East",
            Self::Africa => "Africa",
            Self::India => "India",
            Self::SoutheastAsia => "Southeast Asia",
            Self::EastAsia => "East Asia",
            Self::Australia => "Australia and New Zealand",
        }
    }

    /// Latitude and longitude of a large city there, in degrees.
    const fn point(self) -> (f64, f64) {
        match self {
            Self::WesternEurope => (50.1, 8.7),
            Self::NorthernEurope => (59.3, 18.1),
            Self::EasternEurope => (52.2, 21.0),
            Self::EasternUs => (40.7, -74.0),
            Self::WesternUs => (37.8, -122.4),
            Self::SouthAmerica => (-23.5, -46.6),
            Self::MiddleEast => (25.2, 55.3),
            Self::Africa => (-26.2, 28.0),
            Self::India => (19.1, 72.9),
            Self::SoutheastAsia => (1.3, 103.8),
            Self::EastAsia => (35.7, 139.7),
            Self::Australia => (-33.9, 151.2),
        }
    }

    /// The round trip to a country, in milliseconds: light in glass over a way half as long again as the shortest,
    /// and 5 ms for what stands between. None for a country that is not in the list.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most 20,000 km are some 300 ms"
    )]
    pub fn round_trip_ms(self, country: &str) -> Option<u32> {
        let kilometres = distance(self.point(), country_point(country)?);
        Some((kilometres * 1.5 * 2.0 / 200.0 + 5.0).round() as u32)
    }
}

/// The length of the great circle between two points, in kilometres.
fn distance(from: (f64, f64), to: (f64, f64)) -> f64 {
    let rad = |degrees: f64| degrees * PI / 180.0;
    let (lat, lon) = (rad(to.0 - from.0), rad(to.1 - from.1));
    let a =
        (lat / 2.0).sin().powi(2) + rad(from.0).cos() * rad(to.0).cos() * (lon / 2.0).sin().powi(2);
    6_371.0 * 2.0 * a.sqrt().min(1.0).asin()
}

/// Where the data centres of a country mostly are.
fn country_point(country: &str) -> Option<(f64, f64)> {
    Some(match country {
        "AE" => (25.2, 55.3),
        "AR" => (-34.6, -58.4),
        "AT" => (48.2, 16.4),
        "AU" => (-33.9, 151.2),
        "BE" => (50.8, 4.4),
        "BR" => (-23.5, -46.6),
        "CA" => (45.5, -73.6),
        "CH" => (47.4, 8.5),
        "CL" => (-33.4, -70.7),
        "CN" => (31.2, 121.5),
        "CZ" => (50.1, 14.4),
        "DE" => (50.1, 8.7),
        "DK" => (55.7, 12.6),
        "ES" => (40.4, -3.7),
        "FI" => (60.2, 24.9),
        "FR" => (48.9, 2.4),
        "GB" => (51.5, -0.1),
        "HK" => (22.3, 114.2),
        "ID" => (-6.2, 106.8),
        "IE" => (53.3, -6.3),
        "IL" => (32.1, 34.8),
        "IN" => (19.1, 72.9),
        "IS" => (64.1, -21.9),
        "IT" => (45.5, 9.2),
        "JP" => (35.7, 139.7),
        "KE" => (-1.3, 36.8),
        "KR" => (37.6, 127.0),
        "LU" => (49.6, 6.1),
        "MX" => (19.4, -99.1),
        "MY" => (3.1, 101.7),
        "NG" => (6.5, 3.4),
        "NL" => (52.4, 4.9),
        "NO" => (59.9, 10.8),
        "NZ" => (-36.8, 174.8),
        "PL" => (52.2, 21.0),
        "PT" => (38.7, -9.1),
        "QA" => (25.3, 51.5),
        "RO" => (44.4, 26.1),
        "SA" => (24.7, 46.7),
        "SE" => (59.3, 18.1),
        "SG" => (1.3, 103.8),
        "TR" => (41.0, 29.0),
        "TW" => (25.0, 121.6),
        "US" => (39.0, -77.5),
        "ZA" => (-26.2, 28.0),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearer_is_quicker() {
        let ms = |place: Place, country| place.round_trip_ms(country).unwrap();
        assert_eq!(ms(Place::WesternEurope, "DE"), 5);
        assert!((80..130).contains(&ms(Place::WesternEurope, "US")));
        assert!(ms(Place::WesternEurope, "AU") > ms(Place::WesternEurope, "IN"));
        assert_eq!(Place::Africa.round_trip_ms("XX"), None);
    }
}

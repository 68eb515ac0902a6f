//! The airports: what learners produce.

use serde::{Deserialize, Serialize};
use serde_json::Number;
use shared::{Error, ErrorCode};

/// The airports of `data/airports.json`, each ready to be sent.
#[derive(Debug)]
pub struct Airports {
    airports: Vec<Airport>,
    values: Vec<Vec<u8>>,
}

/// One of them. The order of the fields is the order in the record's value.
#[derive(Debug, Deserialize, Serialize)]
struct Airport {
    iata: Option<String>,
    icao: Option<String>,
    name: Option<String>,
    city: Option<String>,
    subdivision: Option<String>,
    country: Option<String>,
    elevation_ft: Option<Number>,
    latitude: Option<Number>,
    longitude: Option<Number>,
    time_zone: Option<String>,
}

const FIELDS: &[&str] = &[
    "iata",
    "icao",
    "name",
    "city",
    "subdivision",
    "country",
    "elevation_ft",
    "latitude",
    "longitude",
    "time_zone",
];

impl Airports {
    /// Reads a JSON array of airports. Fails where it is none, or empty.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        let airports: Vec<Airport> = serde_json::from_slice(json)?;
        if airports.is_empty() {
            return Err(serde::de::Error::custom("there is no airport"));
        }
        let values = airports.iter().map(serde_json::to_vec).collect::<Result<_, _>>()?;
        Ok(Self { airports, values })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// The record values: compact JSON.
    pub(super) fn values(&self) -> &[Vec<u8>] {
        &self.values
    }

    /// The key of each airport by one of its fields; `None` for those without. Fails with
    /// [`ErrorCode::InvalidArgument`] for a field that airports do not have.
    pub(super) fn keys(&self, field: &str) -> Result<Vec<Option<Vec<u8>>>, Error> {
        if !FIELDS.contains(&field) {
            let problem = format!("Airports have no field “{field:.80}” that could be the key.");
            return Err(Error::new(ErrorCode::InvalidArgument, problem)
                .hint(format!("The fields are: {}.", FIELDS.join(", "))));
        }
        Ok(self.airports.iter().map(|airport| airport.field(field)).collect())
    }
}

impl Airport {
    fn field(&self, name: &str) -> Option<Vec<u8>> {
        let text = match name {
            "iata" => self.iata.clone(),
            "icao" => self.icao.clone(),
            "name" => self.name.clone(),
            "city" => self.city.clone(),
            "subdivision" => self.subdivision.clone(),
            "country" => self.country.clone(),
            "elevation_ft" => self.elevation_ft.as_ref().map(Number::to_string),
            "latitude" => self.latitude.as_ref().map(Number::to_string),
            "longitude" => self.longitude.as_ref().map(Number::to_string),
            "time_zone" => self.time_zone.clone(),
            _ => None,
        };
        text.map(String::into_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = r#"[
        {"iata":"JFK","icao":"KJFK","name":"John F. Kennedy","city":"New York","subdivision":"New York",
         "country":"US","elevation_ft":13,"latitude":40.6399,"longitude":-73.7787,"time_zone":"America/New_York"},
        {"iata":"","icao":"LSZM","name":"Mulhouse","city":"Basel","subdivision":null,
         "country":"FR","elevation_ft":885,"latitude":47.5998,"longitude":7.5317,"time_zone":null}
    ]"#;

    #[test]
    fn values_are_compact_json_in_a_fixed_order() {
        let airports = Airports::from_json(TWO.as_bytes()).unwrap();
        let first = String::from_utf8(airports.values()[0].clone()).unwrap();
        assert!(first.starts_with(r#"{"iata":"JFK","icao":"KJFK","name":"John F. Kennedy","#), "{first}");
        assert!(first.contains(r#""elevation_ft":13,"latitude":40.6399"#), "{first}");
    }

    #[test]
    fn every_field_can_be_the_key_and_others_are_refused() {
        let airports = Airports::from_json(TWO.as_bytes()).unwrap();
        assert_eq!(airports.keys("country").unwrap(), [Some(b"US".to_vec()), Some(b"FR".to_vec())]);
        assert_eq!(airports.keys("time_zone").unwrap()[1], None);
        for field in FIELDS {
            assert!(airports.keys(field).unwrap()[0].is_some(), "{field}");
        }
        assert_eq!(airports.keys("runway").unwrap_err().code, ErrorCode::InvalidArgument);
    }

    #[test]
    fn an_empty_list_is_refused() {
        assert!(Airports::from_json(b"[]").is_err());
        assert!(Airports::from_json(b"{}").is_err());
    }
}

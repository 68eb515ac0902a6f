#!/usr/bin/env python3
"""Makes airports.json from the `airportsdata` package on PyPI.

    pip download --no-deps airportsdata==20260905
    python3 make_airports.py airportsdata-20260905-py3-none-any.whl

Reads `airportsdata/airports.csv` straight out of the wheel, so nothing needs to be installed. airports.md beside this
script says what comes out, in which order, and under which licence.
"""

import argparse
import csv
import io
import json
import pathlib
import zipfile

EXPECTED_AIRPORTS = 7884

# The column in airports.csv, and what the field is called here.
FIELDS = {
    "iata": "iata",
    "icao": "icao",
    "name": "name",
    "city": "city",
    "subd": "subdivision",
    "country": "country",
    "elevation": "elevation_ft",
    "lat": "latitude",
    "lon": "longitude",
    "tz": "time_zone",
}
NUMBERS = {"elevation", "lat", "lon"}

# The sixty that come first: airports that people have heard of, from 23 countries. 18 of them are in the United
# States, so that with the country as key one partition gets far more than its share.
FIRST = """
    AKL AMS ATL BCN BER BLR BOM BOS CAI CAN CDG CLT CPT DEL DEN DFW DXB EDI EWR FCO
    FRA GIG GRU HND IAD ICN IST JFK JNB KIX LAS LAX LGW LHR LOS MAD MAN MCO MEL MEX
    MIA MUC NBO NCE NRT ORD ORY PDX PEK PER PHL PVG SAN SEA SFO SIN SYD YUL YVR YYZ
""".split()


def number(text):
    """`3435` and `3435.0` as the integer, anything else as a float."""
    value = float(text)
    return int(value) if value.is_integer() else value


def airports(wheel):
    """The airports with an IATA code: the sixty first, then the others; each part by IATA code."""
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read("airportsdata/airports.csv").decode("utf-8")
    found = []
    for row in csv.DictReader(io.StringIO(text)):
        if row["iata"]:
            found.append({
                name: number(row[column]) if column in NUMBERS else row[column]
                for column, name in FIELDS.items()
            })
    found.sort(key=lambda airport: (airport["iata"] not in FIRST, airport["iata"]))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=pathlib.Path, help="airportsdata-20260905-py3-none-any.whl")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).with_name("airports.json"))
    arguments = parser.parse_args()

    found = airports(arguments.wheel)
    codes = [airport["iata"] for airport in found]
    if len(codes) != EXPECTED_AIRPORTS or len(set(codes)) != len(codes):
        parser.exit(1, f"expected {EXPECTED_AIRPORTS} airports with different codes, found {len(set(codes))}\n")
    if codes[: len(FIRST)] != sorted(FIRST):
        parser.exit(1, f"not in the data: {sorted(set(FIRST) - set(codes))}\n")

    lines = ",\n".join(json.dumps(airport, ensure_ascii=False) for airport in found)
    arguments.out.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{len(found)} airports written to {arguments.out}")


if __name__ == "__main__":
    main()

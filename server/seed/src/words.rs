//! The structure of the word lists, and the lists without a language.

use super::{
    words_east::{HI, JA, KO, TH, ZH},
    words_names as names,
    words_names::Names,
    words_south::{AR, EL, HE, PL, RU, TR},
    words_west::{DE, EN, ES, FR, IT, PT},
};

/// Customers' questions, the team's answers, customers' next messages. Those with the same index belong together.
pub(super) type Topic = (&'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// The phrases of a language.
pub(super) struct Tongue {
    /// Its language tag, as in contacts.
    pub(super) tag: &'static str,
    /// How customers begin.
    pub(super) hello: &'static [&'static str],
    /// How the team begins. `{u}` is the customer.
    pub(super) greet: &'static [&'static str],
    /// The topics.
    pub(super) topics: &'static [Topic],
    /// How customers end.
    pub(super) thanks: &'static [&'static str],
    /// How the team signs.
    pub(super) bye: &'static [&'static str],
}

/// Names and languages by country, with their share in percent.
pub(super) static PEOPLES: &[(u64, &Tongue, &Names)] = &[
    (14, &EN, &names::BRITISH),
    (12, &EN, &names::AMERICAN),
    (9, &FR, &names::FRENCH),
    (9, &DE, &names::GERMAN),
    (8, &ES, &names::SPANISH),
    (5, &PT, &names::PORTUGUESE),
    (5, &IT, &names::ITALIAN),
    (3, &EN, &names::NORDIC),
    (4, &PL, &names::POLISH),
    (4, &TR, &names::TURKISH),
    (4, &RU, &names::RUSSIAN),
    (2, &EL, &names::GREEK),
    (5, &AR, &names::ARABIC),
    (2, &HE, &names::HEBREW),
    (3, &HI, &names::INDIAN),
    (2, &TH, &names::THAI),
    (4, &JA, &names::JAPANESE),
    (3, &ZH, &names::CHINESE),
    (2, &KO, &names::KOREAN),
];

/// Names that lists must be able to show: emoji, one letter, very long, mixed directions.
pub(super) static ODD_NAMES: &[&str] = &[
    "🌻 Zoë 🌻",
    "🦊",
    "Bo",
    "X Æ",
    "Maria Antónia do Carmo Vasconcelos de Albuquerque e Meneses Corte-Real",
    "Wolfeschlegelsteinhausenbergerdorff von und zu Hohenlohe-Waldenburg-Schillingsfürst",
    "👨‍👩‍👧‍👦 Família Souza",
    "Phra Chao Worawongthoe Phra-ong Chao Chaloemphon Thikhamphon",
    "O'Connor-Nguyễn",
    "d’Artagnan",
    "José (CEO) محمد",
    "NASEEM",
    "renée",
    "ⓢⓤⓢⓐⓝ",
    "张伟 (David)",
    "Null",
    "Mr. 0",
    "Ng",
    "Ægir Þórsson",
    "Kateřina Novotná-Dvořáková",
];

/// The products. Earlier ones are more frequent.
pub(super) static THINGS: &[&str] = &[
    "lamp",
    "desk",
    "chair",
    "sofa",
    "shelf",
    "backpack",
    "kettle",
    "speaker",
    "monitor",
    "keyboard",
    "bike light",
    "tent",
    "jacket",
    "coffee grinder",
    "blanket",
    "mirror",
    "bench",
    "heater",
    "fan",
    "router",
    "camera",
    "tripod",
    "printer",
    "scanner",
    "projector",
    "headset",
    "notebook",
    "planter",
    "ladder",
    "drill",
    "saw",
    "compressor",
    "pump",
    "valve",
    "sensor",
    "thermostat",
    "doorbell",
    "lock",
    "stroller",
    "crib",
    "high chair",
    "play mat",
    "puzzle",
    "telescope",
    "microscope",
    "violin",
    "ukulele",
    "synthesizer",
    "easel",
    "sewing machine",
    "loom",
    "kiln",
    "anvil",
    "greenhouse",
    "beehive",
    "hammock",
    "kayak",
    "paddle",
    "wetsuit",
    "snowshoes",
    "crampons",
    "compass",
    "sextant",
    "barometer",
    "hygrometer",
    "theodolite",
    "oscilloscope",
    "centrifuge",
    "autoclave",
    "stethoscope",
];

/// Model names consist of two or three of these. Earlier ones are more frequent.
pub(super) static SYLLABLES: &[&str] = &[
    "cor", "mel", "ta", "vane", "lin", "or", "zen", "mi", "ral", "do", "kas", "fen", "lu", "bri", "ano", "sol", "tek",
    "wyn", "qua", "dra", "pel", "osi", "hux", "jor", "nim", "vex", "gal", "ith", "umo", "sky", "ryn", "plo",
];

/// Companies. Their domain is the name without spaces.
pub(super) static COMPANIES: &[&str] = &[
    "Maison Corail",
    "Northwind Bakery",
    "Blaue Lagune GmbH",
    "Atelier Lumen",
    "Harbour & Sons",
    "Kowalski Transport",
    "Café Girasol",
    "Studio Nebbia",
    "Fjord Outdoor",
    "Olive Tree Clinic",
    "Pixel Foundry",
    "Green Valley Farm",
    "Torres Arquitectos",
    "Sakura Books",
    "Silk Road Textiles",
    "Blue Whale Logistics",
    "Hanok Design",
    "Bosphorus Foods",
    "Red Brick Properties",
    "Aurora Dental",
    "Quartz Analytics",
    "Delta Marine",
    "Montblanc Immobilier",
    "Sunny Side Hotels",
    "Iron Gate Security",
    "Little Fox Kindergarten",
    "Rheinwerk Verlag",
    "Casa Azul",
    "Lindqvist Möbler",
    "Papyrus Print",
    "Desert Rose Travel",
    "Copper Kettle Brewery",
    "Vela Yachting",
    "Nordlicht Energie",
    "Mango Tree School",
    "Grand Bazaar Imports",
    "Opal Optics",
    "Willow Veterinary",
    "Tidal Music",
    "Zephyr Bikes",
    "Saffron Catering",
    "Cloud Nine Bedding",
    "Aegean Olive Oil",
    "Pinewood Joinery",
    "Lotus Wellness",
    "Jasmine Flowers",
    "Polar Cold Chain",
    "Mosaic Tiles",
    "Riverbank Law",
    "Compass Insurance",
    "Bamboo Kitchen",
    "Meridian Shipping",
    "Alpine Cheese",
    "Velvet Theatre",
    "Granite Builders",
    "Honeycomb Labs",
    "Swift Couriers",
    "Magnolia Care Homes",
    "Cobalt Software",
    "Juniper Gin",
];

/// Job titles.
pub(super) static TITLES: &[&str] = &[
    "Owner",
    "Buyer",
    "Office manager",
    "Head of operations",
    "Accountant",
    "CEO",
    "Project manager",
    "Architect",
    "Store manager",
    "Assistant",
    "Head of purchasing",
    "CTO",
    "Teacher",
    "Engineer",
    "Marketing lead",
    "Consultant",
    "Receptionist",
    "Physician",
    "Logistics planner",
    "Event manager",
    "Director",
    "Legal counsel",
    "Freelancer",
    "Head of IT",
];

/// Notes between colleagues. `{m}` is one of them.
pub(super) static NOTES: &[&str] = &[
    "Called them, no answer. I try again tomorrow.",
    "@{m} can you look at {n}? The amount seems wrong to me.",
    "Very loyal customer, please be generous.",
    "They asked the same last month about the {p}.",
    "Carrier confirmed: {n} was damaged in {c}.",
    "Waiting for accounting, {a} still open.",
    "Promised a call back on {d} at {t}.",
    "Do not offer another discount, they had one already.",
    "@{m} FYI, could become a big order for the {p}.",
    "Spoke on the phone for twenty minutes, all fine now.",
    "Replacement of the {p} is approved.",
    "They prefer to be called in the morning.",
    "Language is fine, they read English as well.",
];

/// Why a message was not sent, and what to do.
pub(super) static FAILED: &[&str] = &[
    "The address does not exist. Ask them for another one, then send it again.",
    "Their mailbox is full. Try again tomorrow or use another channel.",
    "More than 24 hours have passed since they last wrote. Send a template instead.",
    "The provider refused the attachment. Send a link instead.",
    "The connection to the provider was lost several times. Send it again.",
];

/// Why it is unknown whether a message was sent.
pub(super) const UNKNOWN: &str =
    "Tandem stopped while this was being sent. Check whether it arrived before you send it again.";

/// The colleagues that a small team gets.
pub(super) static COLLEAGUES: &[&str] =
    &["Mara Lindqvist", "Tomás Herrera", "Aiko Tanaka", "Samuel Okafor", "Leïla Benali", "Jonas Weber"];

/// The teams that are added.
pub(super) static TEAMS: &[&str] = &["Sales", "Support"];

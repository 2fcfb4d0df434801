//! A person outside (D2).

use serde::{Deserialize, Serialize};

use super::{ContactId, Tags, text_enum::text_enum};

text_enum! {
    /// The sales status of a contact.
    pub enum LeadStatus {
        /// Nobody has talked with them yet.
        New = "new",
        /// We are in touch.
        Contacted = "contacted",
        /// Worth pursuing.
        Qualified = "qualified",
        /// Buys from us.
        Customer = "customer",
        /// Will not buy.
        Lost = "lost",
    }
}

impl LeadStatus {
    /// The text in the interface.
    pub const fn label(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Contacted => "Contacted",
            Self::Qualified => "Qualified",
            Self::Customer => "Customer",
            Self::Lost => "Lost",
        }
    }
}

/// A person outside, as the details panel shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// Incremented by each edit. An edit names the version that it was based on.
    pub version: i64,
    /// Full name; empty while unknown.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Phone number as written.
    pub phone: String,
    /// Company.
    pub company: String,
    /// Job title.
    pub title: String,
    /// City, country.
    pub location: String,
    /// Language tag such as `fr`.
    pub language: String,
    /// Time zone such as `Europe/Paris`.
    pub time_zone: String,
    /// The sales status.
    pub lead_status: LeadStatus,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

text_enum! {
    /// A field of a contact that is edited in place.
    pub enum ContactField {
        /// Full name.
        Name = "name",
        /// E-mail address.
        Email = "email",
        /// Phone number.
        Phone = "phone",
        /// Company.
        Company = "company",
        /// Job title.
        Title = "title",
        /// City, country.
        Location = "location",
        /// Language tag.
        Language = "language",
        /// Time zone.
        TimeZone = "time_zone",
        /// The sales status.
        LeadStatus = "lead_status",
    }
}

/// Why a value is refused. The text is displayed beside the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FieldError(pub &'static str);

impl ContactField {
    /// The label of the field.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Email => "E-mail",
            Self::Phone => "Phone",
            Self::Company => "Company",
            Self::Title => "Title",
            Self::Location => "Location",
            Self::Language => "Language",
            Self::TimeZone => "Time zone",
            Self::LeadStatus => "Lead status",
        }
    }

    /// The trimmed value, or why it is refused. Empty clears a field. The browser checks before it sends, and the server always checks.
    pub fn check(self, value: &str) -> Result<String, FieldError> {
        let value = value.trim();
        if value.chars().any(|c| c.is_control()) {
            return Err(FieldError("This contains characters that cannot be shown. Type it again."));
        }
        if value.chars().count() > 200 {
            return Err(FieldError("This is longer than 200 characters."));
        }
        let ok = match self {
            _ if value.is_empty() => self != Self::LeadStatus,
            Self::Email => is_email(value),
            Self::Phone => is_phone(value),
            Self::Language => value.len() <= 35 && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'),
            Self::LeadStatus => value.parse::<LeadStatus>().is_ok(),
            _ => true,
        };
        match (ok, self) {
            (true, _) => Ok(value.to_owned()),
            (false, Self::Email) => Err(FieldError("Enter a valid e-mail address, like name@example.com.")),
            (false, Self::Phone) => Err(FieldError("Use digits, spaces and a leading +, like +33 6 55 51 04 20.")),
            (false, Self::Language) => Err(FieldError("Use a language tag like en or pt-BR.")),
            (false, _) => Err(FieldError("Choose one from the list.")),
        }
    }
}

/// Deliberately loose: one `@`, text on both sides, no spaces. The mail server decides the rest.
fn is_email(value: &str) -> bool {
    match value.split_once('@') {
        Some((local, domain)) => {
            !local.is_empty()
                && domain.contains('.')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
                && !domain.contains('@')
                && !value.chars().any(char::is_whitespace)
        }
        None => false,
    }
}

fn is_phone(value: &str) -> bool {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    (3..=20).contains(&digits) && value.chars().all(|c| c.is_ascii_digit() || " +-().".contains(c))
}

impl Contact {
    /// A contact without any data.
    pub fn new(id: ContactId) -> Self {
        let none = String::new;
        Self {
            id,
            version: 1,
            name: none(),
            email: none(),
            phone: none(),
            company: none(),
            title: none(),
            location: none(),
            language: none(),
            time_zone: none(),
            lead_status: LeadStatus::New,
            tags: Tags::default(),
        }
    }

    /// The name, or else the e-mail address. Empty while neither is known.
    pub fn shown_name(&self) -> &str {
        if self.name.is_empty() { &self.email } else { &self.name }
    }

    /// The value of a field.
    pub fn get(&self, field: ContactField) -> &str {
        match field {
            ContactField::Name => &self.name,
            ContactField::Email => &self.email,
            ContactField::Phone => &self.phone,
            ContactField::Company => &self.company,
            ContactField::Title => &self.title,
            ContactField::Location => &self.location,
            ContactField::Language => &self.language,
            ContactField::TimeZone => &self.time_zone,
            ContactField::LeadStatus => self.lead_status.as_str(),
        }
    }

    /// Sets a field to a checked value.
    pub fn set(&mut self, field: ContactField, value: String) {
        match field {
            ContactField::Name => self.name = value,
            ContactField::Email => self.email = value,
            ContactField::Phone => self.phone = value,
            ContactField::Company => self.company = value,
            ContactField::Title => self.title = value,
            ContactField::Location => self.location = value,
            ContactField::Language => self.language = value,
            ContactField::TimeZone => self.time_zone = value,
            ContactField::LeadStatus => self.lead_status = value.parse().unwrap_or(self.lead_status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ContactField as F;

    #[test]
    fn d2_fields_are_checked_beside_the_field() {
        assert_eq!(F::Name.check("  Amélie  ").as_deref(), Ok("Amélie"));
        assert!(F::Email.check("amelie@maison-corail.example").is_ok());
        for bad in ["a", "a@b", "a@@b.c", "a b@c.d", "@c.d", "a@.d"] {
            assert!(F::Email.check(bad).is_err(), "{bad}");
        }
        assert!(F::Phone.check("+33 6 55 51 04 20").is_ok());
        assert!(F::Phone.check("call me").is_err());
        assert!(F::Company.check("a\u{0}b").is_err());
        assert!(F::Title.check(&"x".repeat(201)).is_err());
        assert!(F::LeadStatus.check("").is_err());
        assert_eq!(F::Email.check("").as_deref(), Ok(""));
    }
}

//! The kinds of channels, what they are called, and what each can do. Composer, scheduler and API read it here and never ask for the kind
//! itself, so that a new kind of channel is its entries in this file and its adapter.

use crate::text_enum::text_enum;

text_enum! {
    /// The kind of a channel.
    pub enum ChannelKind {
        /// E-mail.
        Email = "email",
        /// WhatsApp.
        Whatsapp = "whatsapp",
        /// SMS and MMS.
        Sms = "sms",
        /// LinkedIn.
        Linkedin = "linkedin",
        /// The chat widget on a site.
        WebChat = "web_chat",
        /// A letter on paper.
        Letter = "letter",
        /// Anything connected through the API.
        Api = "api",
    }
}

impl ChannelKind {
    /// The text in the interface.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Email => "E-mail",
            Self::Whatsapp => "WhatsApp",
            Self::Sms => "SMS",
            Self::Linkedin => "LinkedIn",
            Self::WebChat => "Web chat",
            Self::Letter => "Letter",
            Self::Api => "API",
        }
    }

    /// The text inside a sentence: "by web chat", "by WhatsApp".
    pub const fn in_sentence(self) -> &'static str {
        match self {
            Self::Email => "e-mail",
            Self::WebChat => "web chat",
            Self::Letter => "letter",
            Self::Whatsapp | Self::Sms | Self::Linkedin | Self::Api => self.label(),
        }
    }
}

/// Who hands a message over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOver {
    /// The recipient reads from our database, so a message is sent as soon as it is stored.
    Stored,
    /// An adapter gives it to another server, in a job.
    Remote,
}

/// What a message consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text and files.
    Text,
    /// Text and files under a subject, to several recipients.
    Mail,
}

/// What an address on the channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKind {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// A profile on a network.
    Profile,
    /// A place to which a letter can be sent.
    Postal,
    /// The hash of a browser's secret. It is never shown.
    Browser,
    /// A name in another system.
    External,
}

/// How a connection to the channel is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetUp {
    /// A widget on the customer's site, which shows a greeting, replies automatically while chat is off, and may be limited to sites.
    Widget,
    /// A mailbox with its servers and password.
    Mailbox,
    /// Nothing yet: no adapter exists.
    Missing,
}

/// What a kind of channel can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Who hands a message over.
    pub hand_over: HandOver,
    /// What a message consists of.
    pub format: Format,
    /// What an address is.
    pub address: AddressKind,
    /// How it is set up.
    pub set_up: SetUp,
}

impl Capabilities {
    /// Whether members can write first, to an address that has not written to us. Needs an address that a member can know.
    pub const fn may_begin(&self) -> bool {
        matches!(self.format, Format::Mail)
    }

    /// Whether people expect an answer at once, so that chat on and off (H6) applies.
    pub const fn is_live_chat(&self) -> bool {
        matches!(self.set_up, SetUp::Widget)
    }
}

impl ChannelKind {
    /// What this kind of channel can do.
    pub const fn capabilities(self) -> Capabilities {
        match self {
            Self::WebChat => Capabilities {
                hand_over: HandOver::Stored,
                format: Format::Text,
                address: AddressKind::Browser,
                set_up: SetUp::Widget,
            },
            Self::Email => Capabilities {
                hand_over: HandOver::Remote,
                format: Format::Mail,
                address: AddressKind::Email,
                set_up: SetUp::Mailbox,
            },
            Self::Whatsapp | Self::Sms => remote(AddressKind::Phone),
            Self::Linkedin => remote(AddressKind::Profile),
            Self::Letter => remote(AddressKind::Postal),
            Self::Api => remote(AddressKind::External),
        }
    }
}

/// A kind that another server delivers and whose adapter does not exist yet.
const fn remote(address: AddressKind) -> Capabilities {
    Capabilities { hand_over: HandOver::Remote, format: Format::Text, address, set_up: SetUp::Missing }
}

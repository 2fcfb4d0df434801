//! The files of the sample, from the folders beside this file. A test fails if one is missing in these lists.

macro_rules! conversations {
    ($($name:literal),+ $(,)?) => {
        /// The conversations, by the names of their files.
        pub(super) const CONVERSATIONS: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("conversations/", $name, ".txt")))),+];
    };
}

macro_rules! layouts {
    ($($name:literal),+ $(,)?) => {
        /// How some mails are laid out.
        pub(super) const LAYOUTS: &[(&str, &str)] = &[$(($name, include_str!(concat!("layouts/", $name)))),+];
    };
}

macro_rules! files {
    ($($name:literal: $kind:literal),+ $(,)?) => {
        /// Files of messages: their name, what they are, their bytes.
        pub(super) const FILES: &[(&str, &str, &[u8])] =
            &[$(($name, $kind, include_bytes!(concat!("files/", $name)))),+];
    };
}

conversations!(
    "chat-anonymous-closed",
    "chat-arabic",
    "chat-chinese-closed",
    "chat-japanese-closed",
    "chat-long-thread",
    "chat-missed-overnight",
    "chat-new-question",
    "chat-quick-messages",
    "chat-reopened",
    "chat-spanish-pending",
    "chat-taken-back",
    "chat-with-somebody-else",
    "chat-yours-with-picture",
    "mail-arabic-invoice",
    "mail-came-back",
    "mail-club-list",
    "mail-contact-form",
    "mail-copy-to-colleagues",
    "mail-disowned",
    "mail-invitation",
    "mail-new-question",
    "mail-not-sent",
    "mail-order-with-layout",
    "mail-out-of-office",
    "mail-ownership",
    "mail-perhaps-sent",
    "mail-press",
    "mail-quoted-and-signed",
    "mail-repair-with-pictures",
    "mail-spam",
    "mail-stranger",
    "mail-supplier-news",
    "mail-two-people",
    "mail-visiting-card",
    "mail-we-wrote-first",
);

layouts!("purchase-order.html", "supplier-news.html");

files!(
    "bjorn-ek.vcf": "text/vcard",
    "buckle.png": "image/png",
    "facture-M-20291.pdf": "application/pdf",
    "proforma-M-20431.pdf": "application/pdf",
    "return-label.pdf": "application/pdf",
    "set-up-day.ics": "text/calendar",
    "strap-left.png": "image/png",
    "trailer-bag-manual.pdf": "application/pdf",
    "tweewielers.png": "image/png",
);

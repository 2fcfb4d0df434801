//! One list of columns per table. The fields of a `table!` are the list; every SELECT, INSERT and UPDATE is made of it while compiling.
//! So a new column is a field there, a line where it is read, and a line where it is filled. Without the last it does not compile, and
//! without the one before nothing fills the field of the model.

/// A `row!` whose fields are also what is stored: `COLUMNS` names them, and `values` has what is bound to them, in the same order.
macro_rules! table {
    (
        $(#[$about:meta])* $seen:vis struct $name:ident
        { $($(#[$what:meta])* $may:vis $field:ident: $kind:ty,)* $(..$group:ident: $more:ty,)? }
    ) => {
        $crate::conn::row! {
            $(#[$about])* $seen struct $name { $($(#[$what])* $may $field: $kind,)* $(..$group: $more,)? }
        }

        impl $name {
            /// The columns, as statements name them.
            $seen const COLUMNS: &'static str = $crate::table::names!($($field)* $(, $more)?);

            /// The values of these columns.
            $seen fn values(self) -> Vec<$crate::Val> {
                $crate::conn::args![$(self.$field),* $(; self.$group.values())?]
            }
        }
    };
}
pub(crate) use table;

/// Identifiers as a list of columns, followed by the columns of a group.
macro_rules! names {
    ($first:ident $($field:ident)* $(, $more:ty)?) => {
        $crate::table::sql!(concat!(stringify!($first), $(", ", stringify!($field)),*) $(, ", ", <$more>::COLUMNS)?)
    };
}
pub(crate) use names;

/// `concat!` that also takes constants.
macro_rules! sql {
    ($($part:expr),+ $(,)?) => { $crate::table::made!($crate::table::Text::NONE$(.and($part))+) };
}
pub(crate) use sql;

/// The INSERT of a row with these columns. They are `$1`, `$2`…
macro_rules! insert {
    ($table:literal, $columns:expr) => {
        $crate::table::made!(
            $crate::table::Text::NONE
                .and(concat!("INSERT INTO ", $table, " ("))
                .and($columns)
                .and(") VALUES (")
                .each($columns, $crate::table::Each::Number(1))
                .and(")")
        )
    };
}
pub(crate) use insert;

/// `a = $4, b = $5`: what an UPDATE sets, where the first value has this number.
macro_rules! set {
    ($first:literal, $columns:expr) => {
        $crate::table::made!($crate::table::Text::NONE.each($columns, $crate::table::Each::Set($first)))
    };
}
pub(crate) use set;

/// `c.a, c.b`: the columns in a statement that calls their table `c`.
macro_rules! of {
    ($alias:literal, $columns:expr) => {
        $crate::table::made!($crate::table::Text::NONE.each($columns, $crate::table::Each::Of($alias)))
    };
}
pub(crate) use of;

/// A [`Text`] as a `&'static str` of its own length.
macro_rules! made {
    ($text:expr) => {{
        const TEXT: $crate::table::Text = $text;
        const BYTES: [u8; TEXT.len()] = TEXT.bytes();
        const { $crate::table::utf8(&BYTES) }
    }};
}
pub(crate) use made;

/// What stands for each column of a list.
#[derive(Clone, Copy)]
pub enum Each {
    /// `$4` for the first, `$5` for the next.
    Number(usize),
    /// `name = $4`.
    Set(usize),
    /// `c.name`.
    Of(&'static str),
}

/// A text that is put together while compiling. It is in no binary: `made!` copies what is used of it.
#[derive(Clone, Copy)]
pub struct Text {
    bytes: [u8; Self::MOST],
    len: usize,
}

impl Text {
    /// More than the longest statement. A longer one does not compile.
    const MOST: usize = 4096;

    /// Nothing yet.
    pub const NONE: Self = Self { bytes: [0; Self::MOST], len: 0 };

    /// How many bytes there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// The bytes, of which there are [`Self::len`].
    pub const fn bytes<const LEN: usize>(&self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        bytes.copy_from_slice(self.bytes.split_at(LEN).0);
        bytes
    }

    const fn push(mut self, byte: u8) -> Self {
        self.bytes[self.len] = byte;
        self.len += 1;
        self
    }

    /// With this text behind.
    pub const fn and(mut self, text: &str) -> Self {
        let mut at = 0;
        while at < text.len() {
            self = self.push(text.as_bytes()[at]);
            at += 1;
        }
        self
    }

    const fn and_number(self, n: usize) -> Self {
        let so_far = if n < 10 { self } else { self.and_number(n / 10) };
        so_far.push(b'0' + (n % 10) as u8)
    }

    /// With something for each of these columns behind.
    pub const fn each(mut self, columns: &str, each: Each) -> Self {
        let mut rest = columns.as_bytes();
        let mut place = 0;
        while !rest.is_empty() {
            if place > 0 {
                self = self.and(", ");
            }
            if let Each::Of(alias) = each {
                self = self.and(alias).and(".");
            }
            while let [byte, later @ ..] = rest {
                rest = later;
                if *byte == b',' {
                    break;
                }
                if !matches!(each, Each::Number(_)) && *byte != b' ' {
                    self = self.push(*byte);
                }
            }
            self = match each {
                Each::Number(first) => self.and("$").and_number(first + place),
                Each::Set(first) => self.and(" = $").and_number(first + place),
                Each::Of(_) => self,
            };
            place += 1;
        }
        self
    }
}

/// These bytes as text.
pub const fn utf8(bytes: &'static [u8]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("statements are put together from whole texts"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Val;

    table! {
        struct Name { first: String, last: Option<String>, }
    }
    table! {
        struct Person { id: String, age: i64, ..name: Name, }
    }

    #[test]
    fn statements_are_made_of_a_list() {
        const STORED: &str = sql!("workspace_id, ", Person::COLUMNS);
        assert_eq!(STORED, "workspace_id, id, age, first, last");
        assert_eq!(
            insert!("person", STORED),
            "INSERT INTO person (workspace_id, id, age, first, last) VALUES ($1, $2, $3, $4, $5)"
        );
        assert_eq!(set!(9, Name::COLUMNS), "first = $9, last = $10");
        assert_eq!(of!("p", Person::COLUMNS), "p.id, p.age, p.first, p.last");
    }

    #[test]
    fn values_are_in_the_order_of_the_list() {
        let name = Name { first: "Ada".to_owned(), last: None };
        let values = Person { id: "7".to_owned(), age: 36, name }.values();
        assert_eq!(values, [Val::from("7"), Val::from(36), Val::from("Ada"), Val::Text(None)]);
    }
}

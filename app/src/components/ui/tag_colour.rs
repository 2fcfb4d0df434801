//! The colour of a tag's dot.

/// The CSS class of a dot's colour, `t0` to `t9`. A chosen number is used directly; any other text is hashed.
pub fn tag_class(seed: &str) -> &'static str {
    const CLASSES: [&str; 10] = ["t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9"];
    let index = seed
        .parse::<u32>()
        .unwrap_or_else(|_| seed.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193)));
    CLASSES.get((index % 10) as usize).copied().unwrap_or("t0")
}

#[cfg(test)]
mod tests {
    use super::tag_class;

    #[test]
    fn a_number_chooses_and_a_name_keeps() {
        assert_eq!(tag_class("4"), "t4");
        assert_eq!(tag_class("14"), "t4");
        assert_eq!(tag_class("Delivery"), tag_class("Delivery"));
    }
}

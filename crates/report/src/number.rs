//! How numbers are written for people. Files for programs get them in full.

/// The number with this many decimals, correctly rounded; minus zero is written as zero.
pub fn fixed(value: f64, decimals: u8) -> String {
    let text = format!("{value:.*}", usize::from(decimals));
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|digit| matches!(digit, '0' | '.')) => rest.to_owned(),
        _ => text,
    }
}

/// The count with a thin separator between thousands.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The amount in US dollars: cents where they say enough, four decimals below ten cents.
pub fn usd(amount: f64) -> String {
    if amount == 0.0 || amount.abs() >= 0.1 { format!("${amount:.2}") } else { format!("${amount:.4}") }
}

#[cfg(test)]
mod tests {
    use super::{fixed, thousands, usd};

    #[test]
    fn numbers_are_rounded_correctly_and_have_no_negative_zero() {
        assert_eq!(fixed(99.65, 1), "99.7");
        assert_eq!(fixed(0.25, 1), "0.2");
        assert_eq!(fixed(-0.01, 1), "0.0");
        assert_eq!(fixed(-0.06, 1), "-0.1");
    }

    #[test]
    fn counts_and_amounts_read_well() {
        assert_eq!([thousands(7), thousands(1234), thousands(1_234_567)], ["7", "1,234", "1,234,567"]);
        assert_eq!([usd(0.0), usd(0.0123), usd(12.345)], ["$0.00", "$0.0123", "$12.35"]);
    }
}

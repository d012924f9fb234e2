//! Numbers with a fixed count of decimals, written without the general formatting machinery: an hour
//! of angles is millions of them.

/// Above this, a scaled value no longer has a fraction in `f64` (2^52), and rounding is not ours to do.
const LARGEST_SCALED: f64 = 4_503_599_627_370_496.0;

/// Most decimals that [`push`] writes; more than any column needs.
const MOST_DECIMALS: u32 = 9;

/// Appends `value` with `decimals` decimals, rounded to the nearest (ties to even, decided on the
/// exact binary value as `format!` does), never as "-0"; nothing when the value is not finite.
pub fn push(out: &mut Vec<u8>, value: f64, decimals: u32) {
    if !value.is_finite() {
        return;
    }
    let decimals = decimals.min(MOST_DECIMALS);
    let power = 10u64.pow(decimals);
    let scale = power as f64;
    let size = value.abs();
    if size * scale >= LARGEST_SCALED {
        out.extend_from_slice(format!("{value:.*}", decimals as usize).as_bytes());
        return;
    }
    let scaled = rounded_product(size, scale);
    if value < 0.0 && scaled > 0 {
        out.push(b'-');
    }
    push_integer(out, scaled / power);
    if decimals > 0 {
        out.push(b'.');
        push_fraction(out, scaled % power, decimals);
    }
}

/// `size * scale` rounded to the nearest integer. The product as `f64` is exact enough except where it
/// lands on a tie that the exact product only comes close to; there the rounding error decides.
#[expect(clippy::float_cmp, reason = "a tie is exactly one half")]
fn rounded_product(size: f64, scale: f64) -> u64 {
    let product = size * scale;
    let whole = product.floor();
    let fraction = product - whole;
    let below = whole as u64;
    let up = if fraction == 0.5 {
        let error = size.mul_add(scale, -product);
        error > 0.0 || (error == 0.0 && below % 2 == 1)
    } else {
        fraction > 0.5
    };
    below + u64::from(up)
}

fn push_integer(out: &mut Vec<u8>, value: u64) {
    let digits = value.checked_ilog10().unwrap_or(0) + 1;
    push_fraction(out, value, digits);
}

/// `value` with leading zeros up to `digits`.
fn push_fraction(out: &mut Vec<u8>, mut value: u64, digits: u32) {
    let start = out.len();
    out.resize(start + digits as usize, b'0');
    for place in out.iter_mut().skip(start).rev() {
        *place = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(value: f64, decimals: u32) -> String {
        let mut out = Vec::new();
        push(&mut out, value, decimals);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn writes_plain_decimals() {
        assert_eq!(text(12.345_6, 3), "12.346");
        assert_eq!(text(-0.5, 1), "-0.5");
        assert_eq!(text(7.0, 0), "7");
        assert_eq!(text(0.05, 4), "0.0500");
        assert_eq!(text(359_999.99, 4), "359999.9900");
    }

    #[test]
    fn a_value_that_rounds_to_zero_has_no_sign() {
        assert_eq!(text(-0.000_4, 3), "0.000");
        assert_eq!(text(-0.0, 3), "0.000");
        assert_eq!(text(-1e-300, 3), "0.000");
    }

    #[test]
    fn what_is_not_a_number_leaves_the_field_empty() {
        assert_eq!(text(f64::NAN, 3), "");
        assert_eq!(text(f64::NEG_INFINITY, 3), "");
    }

    #[test]
    fn a_tie_in_the_product_is_decided_by_the_exact_value() {
        // 1.0005 and 0.0015 in binary are off the tie by less than the product's rounding error.
        for value in [1.000_5, 0.001_5, 2.500_5, 0.0625, 0.1875, 1.005, 8.345] {
            assert_eq!(text(value, 3), format!("{value:.3}"), "{value:e}");
        }
    }

    #[test]
    fn huge_values_are_written_whole() {
        assert_eq!(text(1e18, 1), "1000000000000000000.0");
    }

    fn expected(value: f64, decimals: u32) -> String {
        let plain = format!("{value:.*}", decimals as usize);
        match plain.strip_prefix('-') {
            Some(rest) if rest.bytes().all(|b| b == b'0' || b == b'.') => rest.to_owned(),
            _ => plain,
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_standard_formatting(value in -1e7f64..1e7, decimals in 0u32..7) {
            prop_assert_eq!(text(value, decimals), expected(value, decimals));
        }

        #[test]
        fn agrees_near_ties(thousandths in -4_000_000i64..4_000_000, decimals in 0u32..5) {
            let value = thousandths as f64 / 2000.0;
            prop_assert_eq!(text(value, decimals), expected(value, decimals));
        }

        #[test]
        fn agrees_for_any_bits(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(text(value, 3), expected(value, 3));
        }
    }
}

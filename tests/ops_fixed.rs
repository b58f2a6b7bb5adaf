//! Fixed point against exact rational arithmetic (exhaustively at small widths) and against the `fixed` crate where they overlap.

mod ops_support;

use bico::fixed::{Format, Overflow, Requantise, Rounding, Scale};
use fixed::types::extra::{U4, U8};
use fixed::{FixedI8, FixedI16, FixedI64, FixedU8};
use ops_support::{members, overflow, requantise, round};
use proptest::prelude::*;

fn small_formats() -> Vec<Format> {
    let mut all = Vec::new();
    for bits in 1..=5 {
        all.push(Format::signed(bits, 0));
        all.push(Format::unsigned(bits, 0));
        if bits > 1 {
            all.push(Format { narrow: true, ..Format::signed(bits, 0) });
        }
    }
    all
}

#[test]
fn rounding_equals_its_definition() {
    for mode in Rounding::ALL {
        for shift in -4..=9 {
            for x in -2100..=2100i64 {
                assert_eq!(i128::from(mode.shift_right(x, shift)), round(mode, x.into(), shift), "{mode:?} {x} >> {shift}");
            }
        }
        for shift in [31, 47, 62] {
            let half = 1i64 << (shift - 1);
            for x in [0, 1, -1, half - 1, half, half + 1, -half - 1, -half, 1 - half, (1 << 62) - 1, -(1 << 62)] {
                assert_eq!(i128::from(mode.shift_right(x, shift)), round(mode, x.into(), shift), "{mode:?} {x} >> {shift}");
            }
        }
    }
}

#[test]
fn overflow_equals_its_definition_and_ends_in_the_format() {
    for format in small_formats() {
        let all = members(format);
        assert_eq!((i128::from(format.min()), i128::from(format.max())), (all[0], all[all.len() - 1]));
        for mode in Overflow::ALL {
            for x in -140..=140i64 {
                let y = mode.apply(x, format);
                assert_eq!(i128::from(y), overflow(mode, x.into(), format), "{mode:?} {x} {format:?}");
                assert!(format.contains(y) && all.contains(&y.into()), "{mode:?} {x} {format:?} gives {y}");
            }
            for x in [i64::MAX, i64::MIN, 1 << 40, -(1 << 40)] {
                assert_eq!(i128::from(mode.apply(x, format)), overflow(mode, x.into(), format));
            }
        }
    }
}

#[test]
fn all_modes_of_requantise_at_small_widths() {
    for format in small_formats() {
        for rounding in Rounding::ALL {
            for overflow in Overflow::ALL {
                let r = Requantise { rounding, overflow, ..Requantise::by_shift(2, format) };
                for acc in -90..=90 {
                    assert_eq!(r.apply(acc, 0), requantise(&r, acc.into(), 0), "{r:?} of {acc}");
                }
            }
        }
    }
}

#[test]
fn agrees_with_the_fixed_crate() {
    for x in (-70_000..=70_000i64).step_by(7).chain(-1100..=1100) {
        let v = FixedI64::<U8>::from_bits(x);
        assert_eq!(Rounding::Trn.shift_right(x, 8), v.floor().to_num::<i64>());
        assert_eq!(Rounding::TrnZero.shift_right(x, 8), v.round_to_zero().to_num::<i64>());
        assert_eq!(Rounding::RndInf.shift_right(x, 8), v.round().to_num::<i64>());
        assert_eq!(Rounding::RndConv.shift_right(x, 8), v.round_ties_even().to_num::<i64>());
        let by = |overflow, format| Requantise { rounding: Rounding::Trn, overflow, ..Requantise::by_shift(4, format) }.apply(x, 0);
        assert_eq!(by(Overflow::Sat, Format::signed(8, 4)), i32::from(FixedI8::<U4>::saturating_from_num(v).to_bits()));
        assert_eq!(by(Overflow::Wrap, Format::signed(8, 4)), i32::from(FixedI8::<U4>::wrapping_from_num(v).to_bits()));
        assert_eq!(by(Overflow::Sat, Format::unsigned(8, 4)), i32::from(FixedU8::<U4>::saturating_from_num(v).to_bits()));
        assert_eq!(by(Overflow::Wrap, Format::unsigned(8, 4)), i32::from(FixedU8::<U4>::wrapping_from_num(v).to_bits()));
        assert_eq!(by(Overflow::Sat, Format::signed(16, 4)), i32::from(FixedI16::<U4>::saturating_from_num(v).to_bits()));
    }
}

#[test]
fn quantising_every_member_gives_it_back() {
    for format in small_formats().into_iter().flat_map(|f| [-2, 0, 3].map(|frac| Format { frac, ..f })) {
        for raw in members(format) {
            assert_eq!(i128::from(format.quantise(format.value(raw as i32))), raw, "{format:?}");
        }
        assert_eq!(format.quantise(f64::INFINITY), format.max());
        assert_eq!(format.quantise(f64::NEG_INFINITY), format.min());
        assert!(format.contains(format.quantise(f64::NAN)));
    }
}

#[test]
fn scales_are_exact_powers_of_two_or_within_half_a_unit_of_fifteen_bits() {
    for e in -16..=47 {
        assert_eq!(Scale::nearest(libm::ldexp(1.0, -e)).unwrap(), Scale::shift(e as i8));
    }
    for i in 1..5000 {
        let real = f64::from(i) / 777.0;
        let scale = Scale::nearest(real).unwrap();
        assert!((scale.value() / real - 1.0).abs() <= 0.5 / 16384.0, "{real} {scale:?}");
        assert!(scale.mult == 1 || (16384..32768).contains(&scale.mult));
    }
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-30, 1e30] {
        assert!(Scale::nearest(bad).is_err(), "{bad}");
    }
}

#[test]
fn formats_know_what_they_are_and_what_they_hold() {
    for format in small_formats() {
        assert!(format.check().is_ok(), "{format:?}");
        let all = members(format);
        for raw in -40..=40 {
            assert_eq!(format.contains(raw), all.contains(&raw.into()), "{raw} in {format:?}");
        }
    }
    let good = Format { narrow: true, ..Format::signed(2, 0) };
    assert!(good.check().is_ok());
    for bad in [
        Format { bits: 0, ..good },
        Format { bits: 17, ..good },
        Format { bits: 1, ..good },
        Format { signed: false, ..good },
        Format { frac: 33, ..good },
        Format { frac: -33, ..good },
    ] {
        assert!(bad.check().is_err(), "{bad:?}");
    }
}

#[test]
fn check_refuses_what_apply_cannot_do() {
    let good = Requantise::by_shift(4, Format::signed(9, 6));
    let bad = |change: fn(&mut Requantise)| {
        let mut r = good.clone();
        change(&mut r);
        r.check(3, 1 << 30)
    };
    assert!(bad(|_| ()).is_ok());
    assert!(bad(|r| r.scales = vec![Scale::shift(0); 3]).is_ok());
    assert!(bad(|r| r.scales = vec![Scale::shift(0); 2]).is_err());
    assert!(bad(|r| r.scales = vec![Scale { mult: 0, shift: 0 }]).is_err());
    assert!(bad(|r| r.scales = vec![Scale { mult: 32768, shift: 0 }]).is_err());
    assert!(bad(|r| r.scales = vec![Scale::shift(48)]).is_err());
    assert!(bad(|r| r.leaky_slope = Some(16)).is_err());
    assert!(bad(|r| r.zero_point = 256).is_err());
    assert!(bad(|r| r.clip = Some(256)).is_err());
    assert!(bad(|r| r.clip = Some(-1)).is_err());
    assert!(good.check(3, 1 << 62).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn requantise_equals_rational_arithmetic(
        acc in prop_oneof![-(1i64 << 45)..1 << 45, -4096i64..4096],
        (mult, shift) in (prop_oneof![Just(1u16), 1u16..32768], -2i8..=47),
        (mode, over, bits) in (0usize..7, 0usize..4, 1u8..=16),
        (signed, narrow, relu) in any::<(bool, bool, bool)>(),
        (slope, clip, zero) in (proptest::option::of(0u8..=15), proptest::option::of(0.0..1.0), 0.0..1.0),
    ) {
        let format = Format { narrow: narrow && signed && bits > 1, signed, ..Format::unsigned(bits, 0) };
        let within = |low: i32, share: f64| low + (f64::from(format.max() - low) * share) as i32;
        let zero_point = if format.is_binary() { 0 } else { within(format.min(), zero) };
        let r = Requantise {
            scales: vec![Scale { mult, shift }],
            rounding: Rounding::ALL[mode],
            overflow: Overflow::ALL[over],
            zero_point,
            relu,
            clip: clip.map(|c| within(zero_point, c)),
            leaky_slope: slope,
            format,
        };
        prop_assume!(r.check(1, 1 << 45).is_ok());
        prop_assert_eq!(r.apply(acc, 0), requantise(&r, acc.into(), 0));
    }
}

//! What must hold for orientations whatever a sensor sends.

use nalgebra::Vector3;
use proptest::prelude::*;
use stancewatch::fusion::{Fusion, Turn};
use stancewatch::units::{Hz, SessionTime};

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![8 => -20.0..20.0, 1 => -6000.0..6000.0, 1 => any::<f64>(), 1 => Just(f64::NAN), 1 => Just(0.0)]
}

fn vector() -> impl Strategy<Value = Vector3<f64>> {
    [value(), value(), value()].prop_map(Vector3::from)
}

/// Mostly the next sample, sometimes a loss, a jump back, or nonsense.
fn step() -> impl Strategy<Value = f64> {
    prop_oneof![
        12 => Just(0.01),
        2 => 0.0..0.03,
        2 => 0.0..0.5,
        1 => 0.0..4.0,
        1 => -1.0..0.0,
        1 => any::<f64>().prop_map(|t| t % 1e3),
        1 => Just(f64::NAN),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn time_goes_on_and_quaternions_stay_unit(
        rate in prop_oneof![Just(100.0), Just(60.0), 5.0..300.0, any::<f64>()],
        samples in prop::collection::vec((step(), vector(), vector(), 0..40_u8), 1..600),
    ) {
        let mut fusion = Fusion::new(Hz(rate));
        let mut out = Vec::new();
        let mut t = 0.0;
        for (step, acc, gyr, event) in samples {
            if step.is_finite() {
                t += step;
            }
            fusion.push(SessionTime(if step.is_nan() { step } else { t }), acc, gyr, &mut out);
            match event {
                0 => fusion.set_gyro_zero(gyr),
                1 => fusion.set_turn(Some(Turn { rate: 0.3, left_in_world: acc.xy(), speed: 3.0 })),
                2 => fusion.set_turn(None),
                _ => {}
            }
        }
        fusion.finish(&mut out);
        let mut last = f64::NEG_INFINITY;
        for fused in &out {
            prop_assert!(fused.t.0 > last, "{} after {}", fused.t.0, last);
            last = fused.t.0;
            prop_assert!((fused.world_from_sensor.as_ref().norm() - 1.0).abs() < 1e-9);
            prop_assert!(fused.gyr.iter().chain(fused.bias.iter()).chain(fused.acc.iter()).all(|v| v.is_finite()));
        }
    }
}

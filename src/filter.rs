//! Biquad cascades whose group delay is part of the type.

//! Segment orientations to joint angles (ISB) and gravity-referenced femur angles.

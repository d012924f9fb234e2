"""OpenSim reads our .sto and .mot, places sensors on a model and runs its inverse kinematics on it.

The model is made here: five rigid bodies whose axes are OpenSim's when all coordinates are zero, with the coordinate names
of Rajagopal 2016. With free knees the kinematics have to give our angles back: names, order of rotations, signs, sides and
frames are then right. With hinge knees, as most models have them, what a hinge cannot do goes into the other angles.
"""

import math
from pathlib import Path

import opensim

SIDES = ("r", "l")
# Coordinates with their axes for the right side; the left side mirrors the second and third.
HIP = (("hip_flexion", (0, 0, 1)), ("hip_adduction", (1, 0, 0)), ("hip_rotation", (0, 1, 0)))
KNEE = (("knee_angle", (0, 0, -1)), ("knee_adduction", (1, 0, 0)), ("knee_rotation", (0, 1, 0)))
PELVIS = (("pelvis_tilt", (0, 0, 1)), ("pelvis_list", (1, 0, 0)), ("pelvis_rotation", (0, 1, 0)))
SENSOR_TO_OPENSIM = opensim.Vec3(-math.pi / 2, 0, 0)


AXES = ((1, 0, 0), (0, 1, 0), (0, 0, 1))


def words(vector):
    return " ".join(str(x) for x in vector)


def transform_axis(name, axis, coordinate):
    turn = f"<coordinates>{coordinate}</coordinates><LinearFunction name='function'><coefficients>1 0</coefficients></LinearFunction>"
    still = "<coordinates></coordinates><Constant name='function'><value>0</value></Constant>"
    return f"<TransformAxis name='{name}'><axis>{words(axis)}</axis>{turn if coordinate else still}</TransformAxis>"


def custom_joint(name, parent, at, child, coordinates):
    # Three independent axes are asked for; those that no coordinate turns about stay still.
    turned = [tuple(map(abs, axis)) for _, axis in coordinates]
    axes = list(coordinates) + [(None, axis) for axis in AXES if axis not in turned]
    transform = "".join(transform_axis(f"rotation{k + 1}", axis, c) for k, (c, axis) in enumerate(axes))
    transform += "".join(transform_axis(f"translation{k + 1}", axis, None) for k, axis in enumerate(AXES))
    frames = "".join(
        f"<PhysicalOffsetFrame name='{body}_offset'><socket_parent>{'/' + body if body == 'ground' else '/bodyset/' + body}</socket_parent>"
        f"<translation>{words(where)}</translation><orientation>0 0 0</orientation></PhysicalOffsetFrame>"
        for body, where in ((parent, at), (child, (0, 0, 0)))
    )
    limits = f"<range>{-math.pi} {math.pi}</range>"
    found = "".join(f"<Coordinate name='{coordinate}'>{limits}</Coordinate>" for coordinate, _ in coordinates)
    return (
        f"<CustomJoint name='{name}'><socket_parent_frame>{parent}_offset</socket_parent_frame>"
        f"<socket_child_frame>{child}_offset</socket_child_frame><coordinates>{found}</coordinates>"
        f"<frames>{frames}</frames><SpatialTransform>{transform}</SpatialTransform></CustomJoint>"
    )


def model(path, free_knees):
    bodies, joints = ["pelvis"], [custom_joint("ground_pelvis", "ground", (0, 0, 0), "pelvis", PELVIS)]
    for side in SIDES:
        mirror = 1 if side == "r" else -1
        femur, tibia = f"femur_{side}", f"tibia_{side}"

        def sided(coordinates):
            return [(f"{name}_{side}", axis if axis[2] else tuple(mirror * x for x in axis)) for name, axis in coordinates]

        bodies += [femur, tibia]
        joints.append(custom_joint(f"hip_{side}", "pelvis", (0, 0, 0.08 * mirror), femur, sided(HIP)))
        knee = sided(KNEE if free_knees else KNEE[:1])
        joints.append(custom_joint(f"knee_{side}", femur, (0, -0.4, 0), tibia, knee))
    body = "<Body name='{}'><mass>5</mass><mass_center>0 0 0</mass_center><inertia>0.1 0.1 0.1 0 0 0</inertia></Body>"
    path.write_text(
        "<?xml version='1.0' encoding='UTF-8'?><OpenSimDocument Version='40500'><Model name='legs'>"
        f"<BodySet><objects>{''.join(map(body.format, bodies))}</objects></BodySet>"
        f"<JointSet><objects>{''.join(joints)}</objects></JointSet></Model></OpenSimDocument>"
    )


def table(path):
    """Columns by name, `time` among them."""
    read = opensim.TimeSeriesTable(str(path))
    columns = {name: read.getDependentColumn(name).to_numpy().tolist() for name in read.getColumnLabels()}
    return {"time": list(read.getIndependentColumn()), **columns}


def inverse_kinematics(folder, sto, calibration, free_knees, seconds):
    kind = "free" if free_knees else "hinge"
    bare, placed = folder / f"{kind}.osim", folder / f"{kind}_placed.osim"
    model(bare, free_knees)
    placer = opensim.IMUPlacer()
    placer.set_model_file(str(bare))
    placer.set_orientation_file_for_calibration(str(calibration))
    placer.set_sensor_to_opensim_rotations(SENSOR_TO_OPENSIM)
    placer.set_base_imu_label("pelvis_imu")
    placer.set_base_heading_axis("x")
    placer.set_output_model_file(str(placed))
    if not placer.run(False):
        raise AssertionError("IMUPlacer failed")
    results = folder / kind
    results.mkdir()
    tool = opensim.IMUInverseKinematicsTool()
    tool.set_model_file(str(placed))
    tool.set_orientations_file(str(sto))
    tool.set_sensor_to_opensim_rotations(SENSOR_TO_OPENSIM)
    tool.set_time_range(0, seconds[0])
    tool.set_time_range(1, seconds[1])
    tool.set_report_errors(False)
    tool.set_results_directory(str(results))
    if not tool.run(False):
        raise AssertionError("IMUInverseKinematicsTool failed")
    return next(results.glob("*.mot"))


def differences(ours, theirs):
    """RMS and largest difference per coordinate, degrees, at the times of both."""
    at = {round(t, 4): k for k, t in enumerate(ours["time"])}
    rows = [(at[round(t, 4)], k) for k, t in enumerate(theirs["time"]) if round(t, 4) in at]
    assert len(rows) > 100, f"{len(rows)} common rows"
    found = {}
    for name, values in ours.items():
        if name == "time":
            continue
        errors = [theirs[name][k] - values[j] for j, k in rows]
        found[name] = (math.sqrt(sum(e * e for e in errors) / len(errors)), max(map(abs, errors)))
    return found


def check(folder: Path, sto: Path, mot: Path, seconds):
    """Differences with free and with hinge knees."""
    opensim.Logger.setLevelString("Error")
    calibration = sto.with_name(f"{sto.stem}_calibration.sto")
    ours = table(mot)
    for path in (sto, mot):
        assert opensim.Storage(str(path)).getSize() > 100, path
    return {
        kind: differences(ours, table(inverse_kinematics(folder, sto, calibration, kind == "free", seconds)))
        for kind in ("free", "hinge")
    }

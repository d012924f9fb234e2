#!/bin/busybox sh
# The first process of the virtual machine: Bluetooth up, then whatever the host asks for, line by line.
/bin/busybox --install -s /usr/bin
export PATH=/usr/sbin:/usr/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for place in /run /tmp; do mount -t tmpfs tmpfs $place; done
mkdir -p /run/dbus /dev/virtio-ports
while read -r module; do insmod "/modules/$module" || echo "init: $module is not loaded"; done </modules/order
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=none share /share || poweroff -f
for port in /sys/class/virtio-ports/*; do ln -s "/dev/${port##*/}" "/dev/virtio-ports/$(cat "$port/name")"; done
exec 2>>/share/guest.log
ip link set lo up
dbus-daemon --system --fork --nopidfile
relay /dev/virtio-ports/hci &

bluetoothd_start() {
    d=/usr/libexec/bluetooth/bluetoothd
    [ -x $d ] || d=/usr/lib/bluetooth/bluetoothd
    setsid $d -n >>/share/bluetoothd.log 2>&1 </dev/null &
    echo $! >/run/bluetoothd.pid
}
bluetoothd_stop() { kill "$(cat /run/bluetoothd.pid)"; }
adapter_on() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        bluetoothctl show 2>/dev/null | grep -q 'Powered: yes' && return
        bluetoothctl power on >/dev/null 2>&1
        sleep 0.5
    done
    return 1
}
is_off() { bluetoothctl show 2>/dev/null | grep -q 'Powered: no'; }
# Asked while links are up, the kernel may end them, fail, and leave the adapter on, or be off for a moment only: asked
# again until it stays off.
adapter_off() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        bluetoothctl power off >&2
        is_off && sleep 2 && is_off && return
    done
    return 1
}
bluetoothd_start
adapter_on || echo "init: no adapter" >&2

# A request is one line of shell; the answer is its status, then its output in base64, each on a line.
exec 3<>/dev/virtio-ports/agent
echo ready >&3
while read -r request <&3; do
    answer=$(eval "$request" 2>&1)
    status=$?
    printf '%s\n%s\n' "$status" "$(printf %s "$answer" | base64 -w 0)" >&3
done
poweroff -f

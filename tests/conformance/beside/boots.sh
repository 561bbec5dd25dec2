#!/bin/bash
# boots.sh WORK AGENT
#
# Boots a copy of this machine twice: the agent as the hook of an initramfs, in
# a root that `glowplug install --beside` made the link in, then the four stages
# of its cloud-init. The second boot has no drive. Needs root; runs in namespaces
# of its own, over an overlay of /, so that nothing of this machine is touched.
#
#   WORK/seed    the drive of the first boot
#   WORK/log     is made: what was printed, and each status
#   WORK/bootN/  is made: links, addresses, /etc, /run and /var/lib/cloud
set -eu
work=$1 agent=$2
export work agent
unshare --mount --uts --net --ipc --pid --fork --propagation private bash -eu <<'INSIDE'
scratch=$work/scratch
mkdir -p "$scratch"
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root" "$scratch/none"
mount -t overlay overlay -o "lowerdir=/,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/root"
root=$scratch/root
mount -t proc proc "$root/proc"
mount -t proc proc /proc
mount -t sysfs sysfs "$root/sys"
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs "$root/dev"
while read -r name major minor; do
    mknod -m 666 "$root/dev/$name" c "$major" "$minor"
done <<'DEVICES'
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
DEVICES
ln -s /proc/self/fd "$root/dev/fd"
rm -f "$root/etc/cloud/cloud-init.disabled"
rm -rf "$root/var/lib/cloud" "$root/etc/network/interfaces.d"
ln -s /run/glowplug/cloud.cfg "$root/etc/cloud/cloud.cfg.d/zz-glowplug.cfg"
# pinned to what the seed is not, as images are
echo "datasource_list: [ ConfigDrive, None ]" > "$root/etc/cloud/cloud.cfg.d/90_dpkg.cfg"
ip link set lo up
ip link add ens3 address 52:54:00:aa:00:01 type veth peer name peer
mount -t tmpfs -o mode=755 tmpfs /run
seed=$work/seed
for boot in boot1 boot2; do
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    mount --bind "$root/run" /run
    hostname image
    echo "== $boot agent"
    status=0
    "$agent" --root "$root" --seed "$seed" < /dev/null 2>&1 || status=$?
    echo "== status $status"
    for stage in "init --local" "init" "modules --mode=config" "modules --mode=final"; do
        echo "== $boot $stage"
        status=0
        # shellcheck disable=SC2086 # words
        chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin cloud-init $stage < /dev/null 2>&1 || status=$?
        echo "== status $status"
    done
    mkdir -p "$work/$boot/var/lib"
    { ip -br link; ip -br addr; hostname; } > "$work/$boot/machine"
    cp -a "$scratch/upper/etc" "$root/run" "$work/$boot/"
    cp -a "$root/var/lib/cloud" "$work/$boot/var/lib/"
    mkdir "$work/$boot/root"
    if [ -e "$root/root/.ssh" ]; then cp -a "$root/root/.ssh" "$work/$boot/root/"; fi
    umount /run "$root/run"
    seed=$scratch/none
done > "$work/log"
INSIDE

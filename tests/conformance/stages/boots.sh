#!/bin/bash
# boots.sh WORK PROGRAM...
#
# Boots a copy of this machine with the stages of `cloud-init` or of glowplug,
# one boot after the other, and keeps what they changed. Needs root; runs in
# namespaces of its own, over an overlay of /, so that nothing of this machine
# is touched: private mounts, host name, network, processes.
#
#   WORK/boot1/, boot2/ …  what stands for each boot: seed/ is the config drive
#                          from then on (none: no drive), root/ is copied over /;
#                          www/ is served at http://127.0.0.1:8765/ in that boot
#   WORK/after             where it is there, a bash script run in the machine after
#                          the last boot; its output goes to WORK/answers
#   WORK/changed/          is made: every file that was changed, /run included
#   WORK/log               is made: what the stages printed, and their statuses
#
# PROGRAM is what is called with `init --local`, `init`, `modules --mode=config`
# and `modules --mode=final`; LOCAL_OPTIONS follows the first of these where
# there is a drive.
set -eu
work=$1
shift
export work
unshare --mount --uts --net --ipc --pid --fork --propagation private bash -eu -s -- "$@" <<'INSIDE'
scratch=$work/scratch
mkdir -p "$scratch"
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/root"
root=$scratch/root
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs tmpfs "$root/dev"
for device in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0"; do
    set_=($device)
    mknod -m 666 "$root/dev/${set_[0]}" c "${set_[1]}" "${set_[2]}"
done
ln -s /proc/self/fd "$root/dev/fd"
# no drive is waited for where none is
echo "glowplug.wait=0" > "$scratch/cmdline"
mount --bind "$scratch/cmdline" "$root/proc/cmdline"
rm -f "$root/etc/cloud/cloud-init.disabled" "$root/etc/resolv.conf"
ip link set lo up
drive=$root/var/lib/cloud/seed/config_drive
for boot in "$work"/boot*; do
    mountpoint -q "$root/run" && umount "$root/run"
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    hostname image
    rm -rf "$drive"
    if [ -d "$boot/seed" ]; then
        mkdir -p "${drive%/*}"
        cp -r "$boot/seed" "$drive"
    fi
    if [ -d "$boot/root" ]; then
        # from inside: a link there must not lead to this machine's own files
        mkdir -p "$root/dev/files"
        mount --bind "$boot/root" "$root/dev/files"
        chroot "$root" cp -r --preserve=mode --remove-destination /dev/files/. /
        umount "$root/dev/files"
    fi
    server=
    if [ -d "$boot/www" ]; then
        python3 -m http.server --bind 127.0.0.1 --directory "$boot/www" 8765 > "$work/served" 2>&1 &
        server=$!
        until (: < /dev/tcp/127.0.0.1/8765) 2> "$scratch/refused"; do sleep 0.05; done
    fi
    for stage in "init --local" "init" "modules --mode=config" "modules --mode=final"; do
        echo "== ${boot##*/} $stage"
        status=0
        if [ "$stage" = "init --local" ] && [ -d "$drive" ]; then stage="$stage ${LOCAL_OPTIONS:-}"; fi
        # shellcheck disable=SC2086 # words
        chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
            "$@" $stage < /dev/null 2>&1 || status=$?
        echo "== status $status"
    done
    if [ -n "$server" ]; then kill "$server"; fi
    echo "== host name $(chroot "$root" hostname)"
done > "$work/log"
if [ -e "$work/after" ]; then
    cp "$work/after" "$root/tmp/after"
    chroot "$root" env -i PATH="/tmp/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" LC_ALL=C.UTF-8 \
        bash /tmp/after > "$work/answers" 2>&1 < /dev/null || :
fi
rm -rf "$drive"
mkdir "$work/changed"
cp -a "$scratch/upper/." "$work/changed/"
mkdir -p "$work/changed/run"
cp -a "$root/run/." "$work/changed/run/"
INSIDE

exec 2> /root/disks.log
set -ux

# hide PROGRAM...: the root has none of them until `show`.
hide() {
    hidden=
    for name in "$@"; do
        path=$(command -v "$name") || continue
        mount --bind /dev/null "$path"
        hidden="$hidden $path"
    done
}
show() { for path in $hidden; do umount "$path"; done; }

# single MODULE: with the configuration of standard input.
single() {
    cat > /run/single.cfg
    glowplug --file /run/single.cfg single --name "$1" --frequency always >&2
}

# table TABLE PROGRAM HIDDEN...: a disk gets partitions by PROGRAM, two of
# which get something; then all of it goes.
table() {
    kind=$1 program=$2
    shift 2
    hide "$@"
    single disk_setup <<CONFIG
disk_setup: {vde: {table_type: $kind, layout: [50, [25, 82], [20, 8e]]}}
fs_setup:
- {device: vde.1, filesystem: ext4, label: $program}
- {device: vde, partition: auto, filesystem: swap, label: $kind}
CONFIG
    show
    {
        echo "$kind by $program"
        sfdisk --dump /dev/vde | sed -n 's/.*start= *\([0-9]*\), size= *\([0-9]*\), type=\([^,]*\).*/\1 \2 \3/p'
        lsblk --noheadings --raw --output NAME,FSTYPE,LABEL /dev/vde
    } >> /root/tables
    [ "$kind $program" = "mbr parted" ] || echo 'disk_setup: {vde: {layout: remove}}' | single disk_setup
}

table gpt sgdisk sfdisk parted
table gpt sfdisk sgdisk parted
table gpt parted sgdisk sfdisk
table mbr sfdisk parted
table mbr parted sfdisk

# grow DISK KIND SIZE HIDDEN...: a file system on a partition of SIZE is the
# root of what runs in it; the disk has room.
grow() {
    disk=$1 kind=$2 size=$3 root=/grown/$2
    shift 3
    printf 'label: gpt\nsize=%s\n' "$size" | sfdisk --quiet "/dev/$disk" >&2
    udevadm settle
    "mkfs.$kind" -q "/dev/${disk}1" >&2
    mkdir -p "$root"
    mount "/dev/${disk}1" "$root"
    for folder in usr proc sys dev run etc var tmp; do
        mkdir "$root/$folder"
        mount --bind "/$folder" "$root/$folder"
    done
    for link in bin sbin lib lib64; do ln -s "usr/$link" "$root/$link"; done
    sizes "$@"
    hide "$@"
    for module in growpart resizefs; do
        chroot "$root" glowplug single --name "$module" --frequency always >&2
    done
    show
    sizes "$@"
}
sizes() {
    echo "$kind without '$*': $(($(cat "/sys/class/block/${disk}1/size") >> 11)) $(($(stat -f -c '%b * %S' "$root") >> 20))" >> /root/grown
}

grow vdf xfs 350M
grow vdg btrfs 150M growpart

#!/bin/sh
# unpack.sh FOLDER: unpacks ifupdown (with bridges), NetworkManager and netplan, with the
# libraries this machine lacks, into FOLDER/usr. They are not installed: apt
# would start them, and they would configure this machine's own network.
set -eu
folder=$1
[ -e "$folder/done" ] && exit 0
mkdir -p "$folder/packages/partial" "$folder/usr/lib" "$folder/usr/sbin" "$folder/usr/bin"
for name in lib sbin bin; do
    ln -sfn "usr/$name" "$folder/$name"
done
# Only what they depend on is downloaded: this machine keeps its own systemd.
apt-get install -qq -y --download-only --no-install-recommends -o Dir::Cache::archives="$folder/packages" \
    bridge-utils ifupdown network-manager netplan.io >&2
for package in "$folder"/packages/*.deb; do
    case ${package##*/} in
    bridge-utils_* | ifupdown_* | lib*netplan* | netplan* | network-manager_* | lib*) ;;
    *) continue ;;
    esac
    case ${package##*/} in
    libsystemd* | libudev* | libnss-systemd* | libpam-systemd*) continue ;;
    esac
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$folder"
done
touch "$folder/done"

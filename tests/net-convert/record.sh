#!/bin/sh
# Fetches Debian's newest cloud-init and records what it writes for every
# description (see record.py). With --check nothing is written: differences to
# what is recorded are shown, and the exit status tells whether there are any.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# the mirror this machine uses, but its newest suite
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | head -n 1)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror unstable main" >"$work/sources.list"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/package"
apt="apt-get -q -o Dir::Etc::sourcelist=$work/sources.list -o Dir::Etc::sourceparts=-
    -o Dir::State::lists=$work/lists -o Dir::Cache=$work/cache -o APT::Sandbox::User=root"
# shellcheck disable=SC2086 # options
(cd "$work" && $apt update && $apt download cloud-init)
dpkg-deb -x "$work"/cloud-init_*.deb "$work/package"

/usr/bin/python3 record.py "$work/package/usr/lib/python3/dist-packages"
if [ "${1:-}" = --check ]; then
    git diff --exit-code --stat -- ../data/net-convert
fi

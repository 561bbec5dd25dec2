# Sourced by initramfs/demo and tests/run: installs what the host lacks.

say() { printf '%s\n' "$*" >&2; }

# The Debian packages of what boots a virtual machine.
MACHINE_PACKAGES="qemu-system-x86 xorriso busybox-static e2fsprogs kmod xz-utils zstd"

# What a machine of Debian is made with.
DEBIAN_PACKAGES="mmdebstrap util-linux"

# as_root COMMAND...: runs it as root, through sudo where we are somebody else.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        say "This needs root, and there is no sudo: $*"
        return 1
    fi
}

# missing PACKAGE...: those of them that are not installed, on one line.
missing() {
    for package in "$@"; do
        case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
        *' installed') ;;
        *) printf '%s ' "$package" ;;
        esac
    done
}

# install_packages PACKAGE...: installs those that are missing (Debian, Ubuntu).
# A first run also reads the package lists anew: the kernel comes from them.
install_packages() {
    if ! command -v apt-get >/dev/null 2>&1; then
        say "This is neither Debian nor Ubuntu; install what holds the same as Debian's packages, then run again:"
        say "  $*"
        return 1
    fi
    wanted=$(missing "$@")
    if [ -n "$wanted" ] || [ ! -d "$(kernel_folder)" ]; then
        say "Reading the package lists ..."
        as_root apt-get update -qq
    fi
    if [ -n "$wanted" ]; then
        say "Installing $wanted..."
        # shellcheck disable=SC2086 # a list of words
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >&2
    fi
}

# Where a kernel that was downloaded before is kept.
kernel_folder() { printf '%s/vm/kernel' "${CARGO_TARGET_DIR:-target}"; }

# need_cargo: Rust is what a person brings; everything else is installed.
need_cargo() {
    [ -d "${CARGO_HOME:-$HOME/.cargo}/bin" ] && PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
    command -v cargo >/dev/null 2>&1 && return
    say "cargo is missing: install Rust (rustup.rs), then run again."
    return 1
}

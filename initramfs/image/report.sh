# Sourced by the report of every root: what all of them can say. One line an
# item, its fields in base64; the host believes a report only with its last
# line.
MOST=65536
encoded() { base64 | tr -d '\n'; }
item() { printf '%s ' "$1"; encoded; echo; }
run_files() {
    find /run \( -path /run/udev -o -path '/run/systemd/*' ! -path /run/systemd/system \) -prune -o \( -type f -o -type l \) -print | while IFS= read -r file; do
        [ -f "$file" ] && [ "$(stat -L -c %s "$file")" -le "$MOST" ] || continue
        printf 'file %s ' "$(printf %s "$file" | encoded)"
        encoded < "$file"
        echo
    done
}
# A boot with report.hand runs the commands of the story first, as a person would.
by_hand() {
    grep -q report.hand /proc/cmdline && sh -x /root/by-hand > /run/by-hand 2>&1
}
# machine: its status, name, links and time, and the files of this boot.
machine() {
    by_hand
    status=$(glowplug status 2>&1)
    printf 'exit %s\n' "$?"
    printf %s "$status" | item status
    hostname | tr -d '\n' | item hostname
    ip -o link | item links
    ip -o addr | item addresses
    { ip route; ip -6 route; } | item routes
    grep DEVTYPE= /sys/class/net/*/uevent | item kinds
    item uptime < /proc/uptime
    run_files
}

#!/bin/sh
# world.sh FOLDER NICS PROGRAM...: runs PROGRAM in a network of its own, on a
# machine where ifupdown, NetworkManager and netplan are installed and nothing
# is configured. To be run in fresh namespaces of mounts, network, names and
# processes. FOLDER has what unpack.sh left; each of NICS is NAME=MAC, a veth
# pair whose other end is with a router that hands nothing out (router.py). What
# is asked of that is in /run/asked.
set -eu
folder=$1 nics=$2
shift 2
here=$(dirname "$0")
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /mnt
mkdir -p /mnt/fake/sbin /mnt/upper /mnt/work /mnt/run
# It answers for every DHCP client that ifupdown knows.
cat > /mnt/fake/sbin/dhclient << 'END'
#!/bin/sh
family=4 before=
for word; do
    case $before$word in
    -6) family=6 ;;
    -S) family=6-information ;;
    -r | -x) exit 0 ;;
    -e* | -* | /*) ;;
    *) link=$word ;;
    esac
    before=
    [ "$word" != -e ] || before=-e
done
ip link set "$link" up
echo "$link dhcp$family" >> /run/asked
END
chmod 755 /mnt/fake/sbin/dhclient
mount -t overlay overlay -o "lowerdir=/mnt/fake:$folder/usr:/usr" /usr
mount -t overlay overlay -o "lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work" /etc
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /usr/lib/systemd/network
mount -t tmpfs tmpfs /var/lib
mount -t sysfs sysfs /sys
rm -rf /etc/NetworkManager /etc/netplan /etc/network /etc/systemd/network /etc/resolv.conf
mkdir -p /etc/NetworkManager /etc/netplan /etc/systemd/network /run/network /run/dbus \
    /etc/network/if-up.d /etc/network/if-pre-up.d /etc/network/if-down.d /etc/network/if-post-down.d \
    /var/lib/NetworkManager /var/lib/dhcp /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp
cp -a "$folder/etc/network/." /etc/network/ 2> /dev/null || :
cat > /etc/network/if-up.d/dns << 'END'
#!/bin/sh
[ -z "${IF_DNS_NAMESERVERS:-}" ] || echo "nameserver $IF_DNS_NAMESERVERS" >> /run/dns
[ -z "${IF_DNS_SEARCH:-}" ] || echo "search $IF_DNS_SEARCH" >> /run/dns
END
chmod 755 /etc/network/if-up.d/dns
chown -R systemd-network:systemd-network /run/systemd/netif
# Nobody else has the addresses.
echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad
ip link set lo up
: > /run/asked
unshare -n /usr/bin/python3 "$here/router.py" /run/asked > /run/router 2>&1 &
router=$!
while [ "$(readlink "/proc/$router/ns/net")" = "$(readlink /proc/self/ns/net)" ]; do
    sleep 0.02
done
count=0
for nic in $nics; do
    count=$((count + 1))
    ip link add "${nic%%=*}" address "${nic#*=}" type veth peer name "far$count"
    ip link set "far$count" netns "$router"
    nsenter -t "$router" -n ip link set "far$count" up
done
# As in a container: back ends wait for no udev.
mount -o remount,ro /sys
"$@"

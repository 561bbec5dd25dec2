#!/bin/bash
# dracut(8) module: provisioning before the root pivot. `dracut --add glowplug`
# packs it, or add_dracutmodules+=" glowplug " in dracut.conf(5).

# Never by accident: a machine is provisioned where somebody asked for it.
check() {
    require_binaries glowplug-agent glowplug || return 1
    return 255
}

depends() {
    echo "base udev-rules"
}

# While a crash kernel's initramfs is packed nothing of ours goes into it: that
# boot saves memory and is not this machine's. A module that refused would make
# newer versions of dracut fail.
is_for_kdump() {
    [[ ${IN_KDUMP-} ]]
}

# What a seed may be on, and the NICs of the usual clouds: they are named before
# the pivot. A host-only image is packed on another machine than it boots on.
installkernel() {
    is_for_kdump && return 0
    hostonly='' instmods \
        sr_mod sd_mod cdrom isofs udf vfat nls_cp437 nls_iso8859-1 nls_ascii nls_utf8 \
        virtio_pci virtio_scsi virtio_blk ahci ata_piix nvme usb-storage uas \
        xhci_pci ehci_pci uhci_hcd hv_storvsc xen-blkfront vmw_pvscsi mptspi \
        virtio_net vmxnet3 hv_netvsc xen-netfront ena gve \
        mlx4_en mlx5_core ixgbevf iavf bnxt_en e1000 e1000e igb ixgbe 8139cp
}

install() {
    is_for_kdump && return 0
    local unit=glowplug-agent.service
    inst_binary "$(find_binary glowplug-agent)" /usr/bin/glowplug-agent
    inst_binary "$(find_binary glowplug)" /usr/bin/glowplug
    if dracut_module_included systemd; then
        inst_simple "$moddir/$unit" "$systemdsystemunitdir/$unit"
        $SYSTEMCTL -q --root "$initdir" add-wants initrd.target "$unit"
    else
        # After what dracut's own network modules do at 85 and before.
        inst_hook pre-pivot 90 "$moddir/glowplug-agent.sh"
    fi
}

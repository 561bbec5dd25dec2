#!/bin/bash
# make.sh KIND FOLDER NAME VERSION [SCRIPT]
#
# Makes a package of one of the KINDs deb, rpm and pacman in FOLDER: NAME with the
# file /usr/share/NAME/version that holds VERSION, and the configuration file
# /etc/NAME.conf that names it. SCRIPT is run by /bin/sh after it is installed.
#
# make.sh index-KIND FOLDER: makes a repository of the packages in FOLDER; of
# pacman's it holds one version of each.
#
# make.sh sign FOLDER: makes of the index of Debian packages in FOLDER the suites that
# Debian 12 has, signed by a key that is made for it: FOLDER/key.asc; key.id has its number.
set -eu
kind=$1 folder=$2 name=${3:-} version=${4:-} script=${5:-}
umask 022
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
if [ -n "$name" ]; then
    mkdir -p "$folder" "$tree/usr/share/$name" "$tree/etc"
    echo "$version" > "$tree/usr/share/$name/version"
    echo "of $version" > "$tree/etc/$name.conf"
fi
case $kind in
deb)
    mkdir "$tree/DEBIAN"
    printf '%s\n' "Package: $name" "Version: $version" "Architecture: all" "Description: of a test" \
        "Maintainer: Nobody <nobody@example.org>" > "$tree/DEBIAN/control"
    echo "/etc/$name.conf" > "$tree/DEBIAN/conffiles"
    printf '#!/bin/sh\n%s\n' "$script" > "$tree/DEBIAN/postinst"
    chmod 755 "$tree/DEBIAN/postinst"
    dpkg-deb --root-owner-group -Znone --build "$tree" "$folder/${name}_$version.deb" > /dev/null
    ;;
index-deb)
    cd "$folder"
    for file in *.deb; do
        dpkg-deb --field "$file"
        printf 'Filename: %s\nSize: %s\nSHA256: %s\n\n' "./$file" "$(stat -c %s "$file")" \
            "$(sha256sum "$file" | cut -d' ' -f1)"
    done > Packages
    ;;
sign)
    cd "$folder"
    export GNUPGHOME=$tree
    gpg="gpg --batch --quiet --no-tty"
    $gpg --passphrase '' --quick-generate-key nobody@example.org ed25519
    $gpg --armor --export > key.asc
    $gpg --with-colons --list-keys | sed -n 's/^fpr:*\([0-9A-F]*\):*/\1/p' | head -n 1 > key.id
    for suite in bookworm bookworm-updates bookworm-backports bookworm-security; do
        for kind in binary-amd64/Packages source/Sources; do
            file=dists/$suite/main/$kind
            mkdir -p "${file%/*}"
            if [ "${kind##*/}" = Packages ]; then cp Packages "$file"; else : > "$file"; fi
        done
        (
            cd "dists/$suite"
            printf '%s\n' "Suite: $suite" "Codename: $suite" "Architectures: amd64" "Components: main" \
                "Date: $(LC_ALL=C date -Ru)" "SHA256:"
            for file in main/*/*; do
                printf ' %s %s %s\n' "$(sha256sum "$file" | cut -d' ' -f1)" "$(stat -c %s "$file")" "$file"
            done
        ) | $gpg --clearsign > "dists/$suite/InRelease"
    done
    gpgconf --kill all
    ;;
rpm)
    printf '%s\n' "Name: $name" "Version: $version" "Release: 1" "Summary: of a test" "License: none" \
        "BuildArch: noarch" "%description" "of a test" "%install" "cp -r $tree/. %{buildroot}" \
        ${script:+%post "$script"} "%files" "/usr/share/$name" "%config(noreplace) /etc/$name.conf" > "$tree.spec"
    rpmbuild -bb --quiet --define "_topdir $tree.build" --define "_rpmdir $folder" \
        --define "_build_name_fmt %%{NAME}-%%{VERSION}.rpm" "$tree.spec"
    rm -r "$tree.spec" "$tree.build"
    ;;
index-rpm)
    createrepo_c --quiet "$folder"
    ;;
pacman)
    size=$(du -sb "$tree" | cut -f1)
    printf '%s\n' "pkgname = $name" "pkgbase = $name" "pkgver = $version-1" "pkgdesc = of a test" \
        "builddate = 1" "packager = Nobody" "size = $size" "arch = any" "backup = etc/$name.conf" > "$tree/.PKGINFO"
    printf 'post_install() {\n%s\n}\npost_upgrade() { post_install; }\n' "${script:-:}" > "$tree/.INSTALL"
    tar -C "$tree" --owner=0 --group=0 -czf "$folder/$name-$version-1-any.pkg.tar.gz" .PKGINFO .INSTALL usr etc
    ;;
index-pacman)
    # repo-add(8) lacks what Debian has in makepkg
    cd "$folder"
    for file in *.pkg.tar.gz; do
        stem=${file%-any.pkg.tar.gz} version=
        name=${stem%-*-*}
        mkdir "$tree/$stem"
        for field in "FILENAME $file" "NAME $name" "VERSION ${stem#"$name"-}" "ARCH any" \
            "CSIZE $(stat -c %s "$file")" "SHA256SUM $(sha256sum "$file" | cut -d' ' -f1)"; do
            printf '%%%s%%\n%s\n\n' "${field%% *}" "${field#* }"
        done > "$tree/$stem/desc"
    done
    (cd "$tree" && tar -czf "$OLDPWD/own.db" -- *)
    ;;
esac

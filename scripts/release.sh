#!/usr/bin/env bash
# Makes the artefacts of a release in dist/release, on one machine, with nothing but the package registry:
#
#   thaw-linux-x64, thaw-linux-arm64      the program as one file, its runtime inside
#   thaw-VERSION-linux-ARCH.tar.xz        the same with manual pages, completions, licence
#   thaw_VERSION_ARCH.deb                 the same as a package of Debian and Ubuntu
#   thaw-VERSION.tgz                      npm's package, for hosts with Node 22 or newer: the libraries are in the program
#   thaw-VERSION.sbom.cdx.json            what it is made of (CycloneDX), without what only developers need
#   NOTES.md                              this version's part of CHANGELOG.md
#   SHA256SUMS, SHA256SUMS.sig            over all of them, signed with the key that THAW_RELEASE_KEY names
#
# The same commit gives the same bytes (but for the signature). A release without a signature: npm run release -- --unsigned
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

die() {
  echo "thaw: $1" >&2
  exit 1
}

case "${1:-}" in
  --unsigned) key="" ;;
  "") key="${THAW_RELEASE_KEY:-}" && [[ -n $key ]] || die "THAW_RELEASE_KEY names no key. Give the path of the OpenSSH key that signs releases, or say npm run release -- --unsigned." ;;
  *) die "release.sh knows --unsigned, not $1." ;;
esac
[[ -z $key || -r $key ]] || die "THAW_RELEASE_KEY: $key cannot be read."
for program in dpkg-deb xz gzip tar sha256sum ssh-keygen; do
  command -v "$program" >/dev/null || die "$program is not here. On Debian and Ubuntu: apt-get install dpkg xz-utils gzip tar coreutils openssh-client"
done

changes="$(git status --porcelain)" || die "A release is made from a git checkout."
[[ -z $changes ]] || die "There are changes that no commit holds. Commit them, then run it again:
$changes"

version="$(node -p 'require("./package.json").version')"
tag="$(git tag --points-at HEAD --list 'v*')"
[[ -z $tag || $tag == "v$version" ]] || die "The tag says $tag and package.json $version. Make them agree."
# Whatever writes a time writes this one, or each list and archive would be another file.
SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)"
export SOURCE_DATE_EPOCH

# Files of an earlier build would be packed along.
rm -rf dist
node scripts/bundle.js
out="$PWD/dist/release"
mkdir "$out"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

same_times() { find "$@" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +; }
tar_of() { tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --create "$@"; }

bash scripts/pack-npm.sh "$work" "$out"
made="$work/npm"

# What was packed must start where there is nothing but the package.
echo "thaw: installing thaw-$version.tgz into an empty folder"
(
  mkdir "$work/empty" && cd "$work/empty"
  echo '{ "private": true }' >package.json
  npm install --silent --ignore-scripts "$out/thaw-$version.tgz"
  said="$(node_modules/.bin/thaw version)"
  [[ $said == *"$version"* ]] || die "The installed package says '$said', not $version."
  node_modules/.bin/thaw lint node_modules/thaw/runbooks/rehearsal.yaml >/dev/null || die "The installed package cannot lint its own runbook."
)

sha512_of() { node -p 'require("crypto").hash("sha512", require("fs").readFileSync(process.argv[1]), "base64")' "$1"; }

# The runtime of another processor is fetched as npm would, and is the one that the lock file knows.
runtime_of() {
  local package="node-linux-$1" wanted got
  if [[ -x node_modules/$package/bin/node ]]; then
    echo "node_modules/$package/bin/node"
    return
  fi
  read -r wanted got <<<"$(node -p "const { version, integrity } = require('./package-lock.json').packages['node_modules/$package']; version + ' ' + integrity")"
  npm pack --silent --pack-destination "$work" "$package@$wanted" >/dev/null
  local packed="$work/$package-$wanted.tgz"
  [[ $got == "sha512-$(sha512_of "$packed")" ]] || die "$package@$wanted is not the one in package-lock.json."
  mkdir "$work/$package"
  tar -xzf "$packed" -C "$work/$package"
  echo "$work/$package/package/bin/node"
}

# $1 the processor as Node names it, $2 as Debian does
one_file() {
  local runtime file="$out/thaw-linux-$1" deb="$work/deb-$2" folder="thaw-$version-linux-$1"
  runtime="$(runtime_of "$1")"
  echo "thaw: making $file, its archive and its package"
  node scripts/single-file.ts "$runtime" "$file"

  mkdir "$work/$folder"
  cp "$file" "$work/$folder/thaw"
  cp -r "$made/man" "$made/completions" LICENSE README.md CHANGELOG.md "$work/$folder/"
  tar_of --directory "$work" "$folder" | xz -T0 >"$out/$folder.tar.xz"

  mkdir -p "$deb/DEBIAN" "$deb/usr/bin" "$deb/usr/share/doc/thaw" "$deb/usr/share/man/man1" \
    "$deb/usr/share/bash-completion/completions" "$deb/usr/share/zsh/vendor-completions" "$deb/usr/share/fish/vendor_completions.d"
  install -m 755 "$file" "$deb/usr/bin/thaw"
  install -m 644 LICENSE "$deb/usr/share/doc/thaw/copyright"
  gzip -9n <CHANGELOG.md >"$deb/usr/share/doc/thaw/changelog.gz"
  for page in "$made"/man/*; do gzip -9n <"$page" >"$deb/usr/share/man/man1/${page##*/}.gz"; done
  install -m 644 "$made/completions/thaw.bash" "$deb/usr/share/bash-completion/completions/thaw"
  install -m 644 "$made/completions/thaw.zsh" "$deb/usr/share/zsh/vendor-completions/_thaw"
  install -m 644 "$made/completions/thaw.fish" "$deb/usr/share/fish/vendor_completions.d/thaw.fish"
  cat >"$deb/DEBIAN/control" <<CONTROL
Package: thaw
Version: $version
Architecture: $2
Maintainer: thaw maintainers <maintainers@thaw.invalid>
Depends: libc6 (>= 2.28), libstdc++6 (>= 8), libgcc-s1
Recommends: ca-certificates, gpg, gpg-agent, postgresql-client
Section: admin
Priority: optional
Installed-Size: $(du --apparent-size --summarize --block-size=1K "$deb/usr" | cut -f 1)
Description: guided cold restore of a database, its objects and its services
 Walks one operator with the credentials of the off-site backups and a clean
 host through a restore: stop writers, choose a snapshot, decrypt and restore
 PostgreSQL, mirror the objects back, verify secrets, bring services up, run
 the smoke checklist, and record all of it. Drills take the same walk.
CONTROL
  chmod -R go-w "$deb"
  same_times "$deb"
  dpkg-deb --root-owner-group -Zxz --build "$deb" "$out/thaw_${version}_$2.deb" >/dev/null
}
one_file x64 amd64
one_file arm64 arm64

# What this machine can start must start, in an empty folder and an empty home.
case "$(uname -m)" in x86_64) mine=x64 ;; aarch64) mine=arm64 ;; *) mine="" ;; esac
if [[ -n $mine ]]; then
  said="$(cd "$work/empty" && env -i HOME="$work/empty" "$out/thaw-linux-$mine" version)"
  [[ $said == *"$version"* ]] || die "thaw-linux-$mine says '$said', not $version."
fi

# The moment and the serial number would make each list another file.
when="$(date --utc --date="@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)"
npm sbom --omit dev --sbom-format cyclonedx | node -e '
  const list = JSON.parse(require("fs").readFileSync(0, "utf8"));
  delete list.serialNumber;
  list.metadata.timestamp = process.argv[1];
  process.stdout.write(`${JSON.stringify(list, null, 2)}\n`);
' "$when" >"$out/thaw-$version.sbom.cdx.json"

# From this version's heading to the next one.
awk -v head="## $version" 'index($0, "## ") == 1 { on = index($0, head) == 1 } on' CHANGELOG.md >"$out/NOTES.md"
[[ -s $out/NOTES.md ]] || die "CHANGELOG.md has no part for $version."

(cd "$out" && sha256sum -- * >"$work/SHA256SUMS" && mv "$work/SHA256SUMS" .)
if [[ -n $key ]]; then
  ssh-keygen -q -Y sign -n thaw-release -f "$key" "$out/SHA256SUMS"
  ssh-keygen -q -Y check-novalidate -n thaw-release -s "$out/SHA256SUMS.sig" <"$out/SHA256SUMS"
fi
echo "thaw: in $out"
(cd "$out" && ls -l)

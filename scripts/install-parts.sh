#!/usr/bin/env bash
# Installs the programs that are not npm packages. Quick when all of them are there: it only looks for files.
#
#   install-parts.sh rehearse    PostgreSQL and GnuPG, for the rehearsal
#   install-parts.sh test        the same, and the real servers that the tests talk to
#   install-parts.sh matrix      those, and what brings other versions of PostgreSQL
#
# On Debian and Ubuntu as root it installs what is missing. Anywhere else it says what to install.
set -euo pipefail

profile="${1:-}"
scripts="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
case "$profile" in
  rehearse | test | matrix) ;;
  *)
    echo "Usage: install-parts.sh rehearse | test | matrix" >&2
    exit 64
    ;;
esac

# Debian keeps the server's programs outside PATH, and a user's PATH may lack the sbin folders.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
shopt -s nullglob

has_programs() {
  local program
  for program in "$@"; do command -v "$program" >/dev/null || return 1; done
}

has_postgres() {
  local folder
  for folder in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin; do
    [[ -x $folder/initdb && -x $folder/postgres && -x $folder/pg_restore && -x $folder/psql ]] && return 0
  done
  has_programs initdb postgres pg_restore psql
}

has_compose() {
  local folder
  for folder in "${DOCKER_CONFIG:-${HOME:-/root}/.docker}" /usr/local/lib/docker /usr/local/libexec/docker \
    /usr/lib/docker /usr/libexec/docker; do
    [[ -x $folder/cli-plugins/docker-compose ]] && return 0
  done
  return 1
}

has_part() {
  case "$1" in
    postgres) has_postgres ;;
    gnupg) has_programs gpg gpg-agent gpgconf ;;
    docker) has_programs docker dockerd containerd runc iptables ;;
    compose) has_compose ;;
    ceph) has_programs ceph-mon ceph-osd radosgw radosgw-admin ceph monmaptool ;;
    tmux) has_programs tmux ;;
    shells) has_programs zsh fish ;;
    groff) has_programs groff ;;
    age) has_programs age age-keygen ;;
    rclone) has_programs rclone ;;
    certificates) [[ -s /etc/ssl/certs/ca-certificates.crt || -s /etc/pki/tls/certs/ca-bundle.crt ]] ;;
    processes) has_programs ps pgrep ;;
    git) has_programs git ;;
    ssh) has_programs ssh-keygen ;;
    zstd) has_programs zstd ;;
    openssl) has_programs openssl ;;
    debootstrap) has_programs debootstrap ;;
    byhand) has_programs jq curl python3 && python3 -c 'import cryptography' 2>/dev/null ;;
    pgbackrest) has_programs pgbackrest ;;
    etcd) has_programs etcd ;;
    kubectl) has_programs kubectl ;;
    pip) has_programs python3 && { has_programs pip || has_programs pip3; } ;;
  esac
}

has_candidate() {
  has_programs apt-cache && apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [0-9]'
}

packages_of() {
  case "$1" in
    postgres) echo postgresql ;;
    gnupg) echo gpg gpg-agent ;;
    # From Debian 13 on the client is a package of its own, only recommended by the daemon's.
    docker) echo docker.io iptables $(has_candidate docker-cli && echo docker-cli) ;;
    ceph) echo ceph-mon ceph-osd ceph-mgr radosgw ceph-common ;;
    certificates) echo ca-certificates ;;
    processes) echo procps ;;
    shells) echo zsh fish ;;
    groff) echo groff-base ;;
    ssh) echo openssh-client ;;
    etcd) echo etcd-server ;;
    pip) echo python3-pip ;;
    byhand) echo jq curl python3-cryptography ;;
    debootstrap) echo debootstrap debian-archive-keyring ;;
    kubectl) echo kubernetes-client ;;
    # Only Debian 13 and Ubuntu have it as a package; install-compose-plugin.sh knows the rest.
    compose) ;;
    *) echo "$1" ;;
  esac
}

reason_of() {
  case "$1" in
    postgres) echo "PostgreSQL server and client: the throwaway database that is lost and restored" ;;
    gnupg) echo "GnuPG: backups are encrypted with it" ;;
    docker) echo "Docker: the services that are stopped and started" ;;
    compose) echo "Docker Compose v2: what stops and starts them" ;;
    ceph) echo "Ceph RGW: a real S3 server for the object store" ;;
    tmux) echo "tmux: walks in a real terminal" ;;
    shells) echo "zsh and fish: they complete what thaw completions prints" ;;
    groff) echo "groff: it reads the manual pages" ;;
    age) echo "age: backups encrypted the other way" ;;
    rclone) echo "rclone: remotes of any kind as a store, crypt included" ;;
    certificates) echo "certificates: downloads over HTTPS" ;;
    processes) echo "ps: proof that nothing stays behind" ;;
    git) echo "git: the tests read the list of files" ;;
    zstd) echo "zstd: dumps packed as others pack them" ;;
    ssh) echo "ssh-keygen: signatures under records" ;;
    openssl) echo "openssl: values encrypted the way its command line does" ;;
    debootstrap) echo "debootstrap: a blank Debian, onto which production is brought back" ;;
    byhand) echo "jq, curl and cryptography for Python: a recovery without thaw, by the page of a kit" ;;
    etcd) echo "etcd: the store of a Kubernetes API server" ;;
    kubectl) echo "kubectl: what scales and what reaches into pods" ;;
    pgbackrest) echo "pgBackRest: point-in-time recovery from its repository" ;;
    pip) echo "pip: PostgreSQL 16 and 18 for the matrix come as Python packages" ;;
  esac
}

needed=(postgres gnupg)
wanted=()
[[ $profile == rehearse ]] || wanted=(docker compose ceph tmux shells groff age rclone certificates processes git ssh openssl zstd pgbackrest byhand debootstrap)
# A Kubernetes API server is built with Go (build-kubernetes.sh); without it these would serve nothing.
[[ $profile == matrix ]] && wanted+=(pip)
if [[ $profile != rehearse ]] && has_programs go; then
  wanted+=(etcd)
  # Some releases of Ubuntu have no such package: then it is built with the server.
  if has_programs kubectl || has_candidate kubernetes-client; then wanted+=(kubectl); fi
fi

missing=()
look() {
  local part
  missing=()
  for part in "${needed[@]}" "${wanted[@]}"; do has_part "$part" || missing+=("$part"); done
}

apt_get() {
  # No recommended packages: they triple the download and start services nobody asked for.
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 \
    --no-install-recommends "$@" </dev/null
}

# What apt says is shown only when it fails.
apt_install() {
  local log status=0
  log="$(mktemp)"
  apt_get install -y "$@" >"$log" 2>&1 || status=$?
  [[ $status == 0 ]] || tail -n 20 "$log" >&2
  rm -f "$log"
  return "$status"
}

install_missing() {
  local part found packages=() own_cluster_setting=""
  echo "Installing what is missing here:"
  apt_get update >/dev/null 2>&1 || echo "  apt-get update reports a failure; trying with the lists at hand." >&2
  for part in "${missing[@]}"; do
    echo "  $(reason_of "$part")"
    read -ra found <<<"$(packages_of "$part")"
    packages+=("${found[@]}")
  done
  if ((${#packages[@]} > 0)); then
    echo "  apt-get install ${packages[*]}"
    # Debian would create and start a cluster of its own; the setting is taken away again afterwards, so that
    # a PostgreSQL installed later behaves as its owner expects.
    if [[ " ${missing[*]} " == *" postgres "* && ! -e /etc/postgresql-common ]]; then
      own_cluster_setting=/etc/postgresql-common/createcluster.d/thaw.conf
      mkdir -p "${own_cluster_setting%/*}"
      echo "create_main_cluster = false" >"$own_cluster_setting"
    fi
    # One package that cannot be had must not keep the others away.
    if ! apt_install "${packages[@]}"; then
      for part in "${missing[@]}"; do
        read -ra found <<<"$(packages_of "$part")"
        ((${#found[@]} == 0)) || apt_install "${found[@]}" || true
      done
    fi
    [[ -z $own_cluster_setting ]] || rm -f "$own_cluster_setting"
    # The package starts a server of its own, which nobody asked for.
    if [[ " ${missing[*]} " == *" etcd "* && -d /run/systemd/system ]]; then
      systemctl disable --quiet --now etcd 2>/dev/null || true
    fi
  fi
  if [[ " ${missing[*]} " == *" compose "* ]]; then bash "$scripts/install-compose-plugin.sh" || true; fi
}

look
if ((${#missing[@]} > 0)) && [[ $EUID == 0 ]] && has_programs apt-get dpkg; then
  install_missing
  hash -r
  look
fi
((${#missing[@]} > 0)) || exit 0

status=0
echo "Missing on this machine:" >&2
for part in "${missing[@]}"; do
  packages="$(packages_of "$part")"
  echo "  $(reason_of "$part") (Debian and Ubuntu: ${packages:-docker-compose-v2, or docker-compose from Debian 13})" >&2
  if [[ " ${needed[*]} " == *" $part "* || ${CI:-} == true ]]; then status=1; fi
done
if [[ $EUID != 0 ]] && has_programs apt-get; then
  echo "Run this script as root, or install these packages with apt-get." >&2
fi
if [[ $status == 0 ]]; then echo "The tests that need them will fail and say so. With CI=true it ends here." >&2; fi
exit "$status"

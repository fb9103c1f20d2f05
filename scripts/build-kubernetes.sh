#!/usr/bin/env bash
# Builds a Kubernetes API server, its controllers and the test's own node-exec from Go modules, for test/adapters/kubernetes
# and test/scenarios; kubectl, too, where this machine has none. No package of Debian has them. Needs go, and the first
# time 3 GB of disk and three to six minutes of two processors; does nothing when they are there.
set -euo pipefail

version=1.31.0
scripts="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source="$scripts/../test/parts/node-exec"
target="${THAW_KUBERNETES_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/thaw-kubernetes-$version}"
servers=(kube-apiserver kube-controller-manager)
command -v kubectl >/dev/null || servers+=(kubectl)

# Several tests may ask for it at the same time.
mkdir -p "$target"
exec 9>"$target/lock"
flock 9

missing=()
for program in "${servers[@]}"; do [[ -x $target/$program ]] || missing+=("k8s.io/kubernetes/cmd/$program"); done
# Ours changes with the tests: it is built again when it is not what this source makes.
[[ -x $target/node-exec ]] && cmp -s "$source/main.go" "$target/node-exec.go" || missing+=(thaw.invalid/kubernetes/node-exec)
((${#missing[@]} > 0)) || exit 0
command -v go >/dev/null || {
  echo "There is no go on this machine: install it, or put ${missing[*]##*/} into $target." >&2
  exit 1
}

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir node-exec
cp "$source/main.go" node-exec/
export GOFLAGS=-mod=mod
go mod download "k8s.io/kubernetes@v$version"
manifest="$(go env GOMODCACHE)/cache/download/k8s.io/kubernetes/@v/v$version.mod"
{
  printf 'module thaw.invalid/kubernetes\n\ngo 1.22.0\n\nrequire k8s.io/kubernetes v%s\n\nreplace (\n' "$version"
  # The module itself points to folders of its own repository; what they hold is published under the same names.
  grep -oE 'k8s\.io/[a-z0-9-]+ => \./staging' "$manifest" | sed 's/ =>.*//' | sort -u |
    while read -r module; do echo "  $module => $module v0.${version#1.}"; done
  echo ')'
} >go.mod
{
  printf '//go:build tools\n\npackage tools\n\nimport (\n'
  for program in "${servers[@]}"; do echo "  _ \"k8s.io/kubernetes/cmd/$program\""; done
  echo ')'
} >tools.go
go mod tidy
# All at once, so that they share what they compile; put in place when whole, so that nothing half is taken for a program.
mkdir -p "$target/new"
go build -ldflags '-s -w' -o "$target/new/" "${missing[@]}"
mv "$target/new/"* "$target/"
rmdir "$target/new"
cp "$source/main.go" "$target/node-exec.go"

#!/usr/bin/env bash
# Builds a Kubernetes API server and its controllers from Go modules, for test/adapters/kubernetes. No package of
# Debian has them. Needs go, a few minutes and 3 GB of disk; does nothing when they are there already.
set -euo pipefail

version=1.31.0
target="${THAW_KUBERNETES_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/thaw-kubernetes-$version}"
programs=(kube-apiserver kube-controller-manager)

missing=()
for program in "${programs[@]}"; do [[ -x $target/$program ]] || missing+=("$program"); done
((${#missing[@]} > 0)) || exit 0
command -v go >/dev/null || {
  echo "There is no go on this machine: install it, or put ${missing[*]} into $target." >&2
  exit 1
}

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
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
  for program in "${programs[@]}"; do echo "  _ \"k8s.io/kubernetes/cmd/$program\""; done
  echo ')'
} >tools.go
go mod tidy
mkdir -p "$target"
for program in "${missing[@]}"; do
  go build -ldflags '-s -w' -o "$target/$program" "k8s.io/kubernetes/cmd/$program"
done

#!/usr/bin/env bash
# Makes the artefacts of a release in dist/release, on one machine, with nothing but the package registry:
#
#   thaw-VERSION.tgz            npm's package: program, runbooks, schemas, completions, man pages
#   thaw-VERSION.sbom.cdx.json  what it is made of (CycloneDX), without what only developers need
#   NOTES.md                    this version's part of CHANGELOG.md
#   SHA256SUMS                  over all of them
#
# The same commit gives the same bytes. A single program file, without Node and npm on the host, is not among them yet.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

die() {
  echo "thaw: $1" >&2
  exit 1
}

changes="$(git status --porcelain)" || die "A release is made from a git checkout."
[[ -z $changes ]] || die "There are changes that no commit holds. Commit them, then run it again:
$changes"

version="$(node -p 'require("./package.json").version')"
tag="$(git tag --points-at HEAD --list 'v*')"
[[ -z $tag || $tag == "v$version" ]] || die "The tag says $tag and package.json $version. Make them agree."

# Files of an earlier build would be packed along.
rm -rf dist completions man
npm run --silent build

# What the program says of itself, for packages and shells: never in git, so never stale.
mkdir completions
for shell in bash zsh fish; do npm exec --offline -- node bin/thaw.js completions "$shell" >"completions/thaw.$shell"; done
npm exec --offline -- node bin/thaw.js man --into man >/dev/null
out=dist/release
mkdir "$out"

packed="$(mktemp -d)"
trap 'rm -rf "$packed"' EXIT
npm pack --silent --ignore-scripts --pack-destination "$packed" >/dev/null
name="thaw-$version.tgz"

# What was packed must start where there is nothing but the package.
echo "thaw: installing $name into an empty folder"
(
  cd "$packed"
  echo '{ "private": true }' >package.json
  npm install --silent --omit=dev --ignore-scripts "./$name"
  said="$(node_modules/.bin/thaw version)"
  [[ $said == *"$version"* ]] || die "The installed package says '$said', not $version."
  node_modules/.bin/thaw lint node_modules/thaw/runbooks/rehearsal.yaml >/dev/null || die "The installed package cannot lint its own runbook."
)
mv "$packed/$name" "$out/"

# The moment and the serial number would make each list another file.
when="$(TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd)"
npm sbom --omit dev --sbom-format cyclonedx | node -e '
  const list = JSON.parse(require("fs").readFileSync(0, "utf8"));
  delete list.serialNumber;
  list.metadata.timestamp = process.argv[1];
  process.stdout.write(`${JSON.stringify(list, null, 2)}\n`);
' "$when" >"$out/thaw-$version.sbom.cdx.json"

# From this version's heading to the next one.
awk -v head="## $version" 'index($0, "## ") == 1 { on = index($0, head) == 1 } on' CHANGELOG.md >"$out/NOTES.md"
[[ -s $out/NOTES.md ]] || die "CHANGELOG.md has no part for $version."

(cd "$out" && sha256sum -- * >"$packed/SHA256SUMS" && mv "$packed/SHA256SUMS" .)
echo "thaw: in $out"
(cd "$out" && ls -l)

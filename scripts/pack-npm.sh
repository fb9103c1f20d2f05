#!/usr/bin/env bash
# Makes npm's package of what `npm run build` made.
#
#   pack-npm.sh WORK OUT    its files into the folder WORK/npm, thaw-VERSION.tgz into OUT; both absolute
#
# The published package needs no other: what it is made of lies in dist/bundle. What only a checkout can do stays there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work="$1" out="$2"
export PATH="$PWD/node_modules/.bin:$PATH"

mkdir -p "$work/npm/dist" "$work/npm/completions"
cp -r bin runbooks schema README.md CHANGELOG.md LICENSE "$work/npm/"
cp -r dist/bundle "$work/npm/dist/"
# What the program says of itself, for packages and shells: never in git, so never stale.
for shell in bash zsh fish; do node -- bin/thaw.js completions "$shell" >"$work/npm/completions/thaw.$shell"; done
node -- bin/thaw.js man --into "$work/npm/man" >/dev/null
node -e '
  const { name, version, description, license, type, bin, files, directories, engines } = require("./package.json");
  const list = { name, version, description, license, type, bin, files, directories, engines, os: ["linux"] };
  process.stdout.write(`${JSON.stringify(list, null, 2)}\n`);
' >"$work/npm/package.json"
(cd "$work/npm" && npm pack --silent --ignore-scripts --pack-destination "$out" >/dev/null)

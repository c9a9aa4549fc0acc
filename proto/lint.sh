#!/bin/sh
# Checks the style of the protos, and that nothing breaks callers of main: buf lint and buf breaking.
# Installs buf through npm into a cache folder (needs node and npm); BUF names another binary.
set -eu
cd "$(dirname "$0")"
version=1.75.0
cache="${XDG_CACHE_HOME:-$HOME/.cache}/kindred/buf-$version"
buf="${BUF:-$cache/node_modules/@bufbuild/buf/bin/buf}"
if [ -z "${BUF:-}" ] && [ ! -e "$buf" ]; then
    echo "installing @bufbuild/buf $version into $cache"
    mkdir -p "$cache"
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$cache" "@bufbuild/buf@$version"
fi

"$buf" lint .
echo "lint: ok"

# The base is what main had where this branch left it; on main itself, the commit before.
base=$(git merge-base HEAD main 2>/dev/null || git merge-base HEAD origin/main 2>/dev/null || true)
if [ -n "$base" ] && [ "$base" = "$(git rev-parse HEAD)" ]; then
    base=$(git rev-parse --verify --quiet HEAD~1 || true)
fi
if [ -z "$base" ] || ! git cat-file -e "$base:proto/buf.yaml" 2>/dev/null; then
    echo "breaking: no base to compare with"
    exit 0
fi
old=$(mktemp -d)
trap 'rm -rf "$old"' EXIT
git -C "$(git rev-parse --show-toplevel)" archive "$base:proto" | tar -x -C "$old"
"$buf" breaking . --against "$old"
echo "breaking: nothing, against $(git rev-parse --short "$base")"

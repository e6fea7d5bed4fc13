# Sourced by the scripts beside it: makes the environments that they need, once, from the locked requirements.
#   setup_project   .venv           hemu itself and what tests it
#   setup_studio    .label-studio   Label Studio, which pins too much to share an environment
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

fail() { printf '%s\n' "$*" >&2; exit 1; }

find_python() {
  local candidate
  for candidate in ${PYTHON:+"$PYTHON"} python3.11 python3.12 python3.13 python3; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  fail "Python 3.11, 3.12 or 3.13 is needed and was not found; install one, or name it: PYTHON=/path/to/python $0"
}

# make_environment FOLDER LOCK [--editable]: does nothing where the folder was made from this very lock, in this place.
make_environment() {
  local folder=$1 lock=$2 editable=${3:-} python stamp made_of
  python=$(find_python)
  made_of=("$lock" "$root/requirements/bootstrap.txt")
  [ -z "$editable" ] || made_of+=("$root/pyproject.toml")
  stamp=$(cat "${made_of[@]}" | "$python" -c \
    'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read() + sys.version.encode()).hexdigest(), end="")')
  [ "$(cat "$folder/.stamp" 2>/dev/null)" = "$stamp$folder" ] && return
  printf 'Setting up %s ...\n' "${folder#"$root/"}" >&2
  rm -rf "$folder"  # only ever .venv or .label-studio of this checkout
  "$python" -m venv "$folder"
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$root/requirements/bootstrap.txt"
  # uv is many times faster; pip serves where an index is configured for pip alone.
  if ! "$folder/bin/uv" pip install --quiet --python "$folder/bin/python" --require-hashes -r "$lock"; then
    printf 'uv could not install; trying pip\n' >&2
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
  fi
  [ -z "$editable" ] || "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
    --no-build-isolation --editable "$root"
  printf '%s' "$stamp$folder" >"$folder/.stamp"
}

setup_project() {
  make_environment "$root/.venv" "$root/requirements/hemu.txt" --editable
  export PATH="$root/.venv/bin:$PATH"
}

setup_studio() {
  # An environment that somebody named is theirs: it is used, never made or removed here.
  if [ -n "${HEMU_STUDIO_ENV:-}" ]; then
    [ -x "$HEMU_STUDIO_ENV/bin/label-studio" ] || fail "$HEMU_STUDIO_ENV: no Label Studio there; unset HEMU_STUDIO_ENV, or name its environment"
    return
  fi
  export HEMU_STUDIO_ENV=$root/.label-studio
  make_environment "$HEMU_STUDIO_ENV" "$root/requirements/studio.txt"
}

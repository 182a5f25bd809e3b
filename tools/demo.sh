#!/bin/sh
# Imports the example estate into a fresh home, .demo, and looks around: called by `make demo`.
# Uses that home only: settings of the person's own (a database by URL) are left out.
set -eu

muniment=.venv/bin/muniment
for variable in $(env | sed -n 's/^\(MUNIMENT_[A-Z_]*\)=.*/\1/p'); do
    unset "$variable"
done
export MUNIMENT_HOME="$PWD/.demo"
if [ -d .demo ]; then
    "$muniment" stop >/dev/null || true
    rm -rf .demo
fi

run() {
    printf '\n$ muniment %s\n' "$*"
    "$muniment" "$@"
}

run import examples/estate
run conflicts --limit 5

# One value in full: the first machine about whose address the sources disagree.
asset=$("$muniment" conflicts --attribute ip_address --limit 1 --json |
    .venv/bin/python -c 'import json, sys; print(json.load(sys.stdin)["conflicts"][0]["asset"])')
run why "$asset" ip_address

cat <<'END'

The demo's home is .demo. To go on with it:

  export MUNIMENT_HOME=$PWD/.demo PATH=$PWD/.venv/bin:$PATH
  muniment assets                  every asset of the estate
  muniment show ASSET              one of them, with its records
  muniment mappings                what each column was taken for
  muniment import YOUR-FILE.csv    your own export
END

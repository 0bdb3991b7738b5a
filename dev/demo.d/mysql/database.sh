# shellcheck shell=bash disable=SC2034 # used by those who source it
# The shop on MySQL.

DATABASE="MySQL $MYSQL_VERSION"
SERVICE=mysql
PORT=$MYSQL_PORT
CONFIG=$here/demo.d/mysql/shop.toml
ADMIN_URL=mysql://root@127.0.0.1:$PORT/
SHOP_URL=mysql://walbrook@127.0.0.1:$PORT/shop

# shellcheck source=dev/demo.d/mysql/client.sh
source "$here/demo.d/mysql/client.sh"

CLIENT=$CACHE/mysql-$MYSQL_VERSION/bin/mysql
database_download() { [ -d "$CACHE/mysql-$MYSQL_VERSION" ] || echo "MySQL $MYSQL_VERSION (80 MB, 340 MB unpacked)"; }

# shellcheck shell=bash
# A certificate for localhost and the authority behind it, for the tests of TLS.
make_certificates() {
  local dir=$RUN/tls new
  [ -d "$dir" ] || {
    need openssl
    new=$(mktemp -d "$RUN/tls.XXXXXX")
    local key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
    openssl req -x509 "${key[@]}" -keyout "$new/ca.key" -out "$new/ca.pem" -days 3650 -subj '/CN=Walbrook test authority' \
      -addext keyUsage=critical,keyCertSign,cRLSign 2>"$new/log"
    openssl req "${key[@]}" -keyout "$new/server.key" -out "$new/server.csr" -subj /CN=localhost 2>>"$new/log"
    printf 'basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n' >"$new/server.ext"
    openssl x509 -req -in "$new/server.csr" -CA "$new/ca.pem" -CAkey "$new/ca.key" -CAcreateserial \
      -extfile "$new/server.ext" -out "$new/server.pem" -days 3650 2>>"$new/log"
    chmod 755 "$new" && chmod 644 "$new"/*.pem
    mv "$new" "$dir"
  }
}

# Makes command-line tools use the gateway. Source it: . ~/.lockgate-env.sh
# Certificate, SHA-256: {{ fingerprint }}

lockgate_folder="${XDG_CONFIG_HOME:-$HOME/.config}/lockgate"
mkdir -p "$lockgate_folder"
cat > "$lockgate_folder/lockgate-ca.pem" <<'LOCKGATE_CA'
{{ ca_pem }}
LOCKGATE_CA

# Most variables below replace a tool's own list of certificates, so they point at the system's list with ours added.
lockgate_system=""
for lockgate_file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
  if [ -z "$lockgate_system" ] && [ -r "$lockgate_file" ]; then lockgate_system="$lockgate_file"; fi
done

if [ -n "$lockgate_system" ]; then
  # Whole or not at all: another terminal may be reading the file.
  cat "$lockgate_system" "$lockgate_folder/lockgate-ca.pem" > "$lockgate_folder/bundle.pem.$$" &&
    mv "$lockgate_folder/bundle.pem.$$" "$lockgate_folder/bundle.pem"
  export SSL_CERT_FILE="$lockgate_folder/bundle.pem"
  export REQUESTS_CA_BUNDLE="$SSL_CERT_FILE" CURL_CA_BUNDLE="$SSL_CERT_FILE" AWS_CA_BUNDLE="$SSL_CERT_FILE"
  export GIT_SSL_CAINFO="$SSL_CERT_FILE" CODEX_CA_CERTIFICATE="$SSL_CERT_FILE"
  export GRPC_DEFAULT_SSL_ROOTS_FILE_PATH="$SSL_CERT_FILE"
else
  echo "lockgate: no list of system certificates found; only Node tools will trust the gateway" >&2
fi
export NODE_EXTRA_CA_CERTS="$lockgate_folder/lockgate-ca.pem"

export HTTPS_PROXY="http://{{ proxy }}" HTTP_PROXY="http://{{ proxy }}"
export https_proxy="$HTTPS_PROXY" http_proxy="$HTTP_PROXY"
export NO_PROXY="localhost,127.0.0.1,::1" no_proxy="localhost,127.0.0.1,::1"
# Node 24 and later; older versions of Node do not use a proxy by themselves.
export NODE_USE_ENV_PROXY=1

unset lockgate_folder lockgate_system lockgate_file

#!/bin/sh
# Makes this computer use the Lockgate gateway: trusted root, tool variables, browser policies. Run as root; --remove undoes it.
# Certificate, SHA-256: {{CA_SHA256}}
set -eu

root=${LOCKGATE_ROOT:-}  # a prefix for building images; empty for the running system
remove=no
if [ "${1:-}" = "--remove" ]; then remove=yes; fi
if [ -z "$root" ] && [ "$(id -u)" -ne 0 ]; then
  echo "run this as root" >&2
  exit 1
fi

# Where the distribution takes further roots from, how it is told, and which file then holds all of them.
if [ -d "$root/usr/local/share/ca-certificates" ]; then
  anchor=/usr/local/share/ca-certificates/lockgate-ca.crt update="update-ca-certificates" bundle=/etc/ssl/certs/ca-certificates.crt
elif [ -d "$root/etc/pki/ca-trust/source/anchors" ]; then
  anchor=/etc/pki/ca-trust/source/anchors/lockgate-ca.pem update="update-ca-trust" bundle=/etc/pki/tls/certs/ca-bundle.crt
elif [ -d "$root/etc/ca-certificates/trust-source/anchors" ]; then
  anchor=/etc/ca-certificates/trust-source/anchors/lockgate-ca.crt update="update-ca-trust" bundle=/etc/ssl/certs/ca-certificates.crt
elif [ -d "$root/etc/pki/trust/anchors" ]; then
  anchor=/etc/pki/trust/anchors/lockgate-ca.pem update="update-ca-certificates" bundle=/etc/ssl/ca-bundle.pem
else
  echo "this distribution keeps its certificates in a place this script does not know" >&2
  exit 1
fi
profile=/etc/profile.d/lockgate.sh
chrome="/etc/opt/chrome/policies/managed /etc/chromium/policies/managed /etc/opt/edge/policies/managed"
firefox=/etc/firefox/policies

refresh() {
  if [ -z "$root" ]; then $update; fi
}

if [ "$remove" = yes ]; then
  rm -f "$root$anchor" "$root$profile"
  for folder in $chrome; do rm -f "$root$folder/lockgate.json"; done
  if grep -qs lockgate-ca "$root$firefox/policies.json"; then rm -f "$root$firefox/policies.json"; fi
  rm -f "$root$firefox/lockgate-ca.pem"
  refresh
  echo "Lockgate was removed from this computer."
  exit 0
fi

{
  echo "-----BEGIN CERTIFICATE-----"
  echo "{{CA_DER_BASE64}}" | fold -w 64
  echo "-----END CERTIFICATE-----"
} > "$root$anchor"
refresh

mkdir -p "$root/etc/profile.d"
cat > "$root$profile" <<VARIABLES
# Command-line tools use the Lockgate gateway. The file named here is the system's list, which includes the gateway's certificate.
export HTTPS_PROXY=http://{{PROXY}} HTTP_PROXY=http://{{PROXY}} https_proxy=http://{{PROXY}} http_proxy=http://{{PROXY}}
export NO_PROXY=localhost,127.0.0.1,::1 no_proxy=localhost,127.0.0.1,::1
export SSL_CERT_FILE=$bundle REQUESTS_CA_BUNDLE=$bundle CURL_CA_BUNDLE=$bundle AWS_CA_BUNDLE=$bundle
export GIT_SSL_CAINFO=$bundle CODEX_CA_CERTIFICATE=$bundle GRPC_DEFAULT_SSL_ROOTS_FILE_PATH=$bundle
export NODE_EXTRA_CA_CERTS=$anchor NODE_USE_ENV_PROXY=1
VARIABLES

for folder in $chrome; do
  mkdir -p "$root$folder"
  cat > "$root$folder/lockgate.json" <<'POLICY'
{
  "ProxySettings": {"ProxyMode": "pac_script", "ProxyPacUrl": "{{PAC_URL}}", "ProxyPacMandatory": true},
  "QuicAllowed": false,
  "EncryptedClientHelloEnabled": false,
  "CACertificates": ["{{CA_DER_BASE64}}"]
}
POLICY
done

# Firefox reads one file of policies; one that is there already is somebody's.
if [ -e "$root$firefox/policies.json" ] && ! grep -q lockgate-ca "$root$firefox/policies.json"; then
  echo "Firefox has policies already: add those of certs/firefox/policies.json to $firefox/policies.json" >&2
else
  mkdir -p "$root$firefox"
  cp "$root$anchor" "$root$firefox/lockgate-ca.pem"
  cat > "$root$firefox/policies.json" <<'POLICY'
{
  "policies": {
    "Certificates": {"Install": ["/etc/firefox/policies/lockgate-ca.pem"]},
    "Proxy": {"Mode": "autoConfig", "AutoConfigURL": "{{PAC_URL}}", "Locked": true},
    "DNSOverHTTPS": {"Enabled": false, "Locked": true}
  }
}
POLICY
fi
echo "This computer uses the gateway at {{PROXY}}. Log in again for the variables to apply."

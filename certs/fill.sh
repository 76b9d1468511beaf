#!/bin/sh
# Writes the enrolment templates with this gateway's certificate and addresses filled in.
# Reads the certificate only; it must never be given the key, and refuses a file that holds one.
set -eu

if [ "$#" -ne 3 ]; then
  echo "usage: $0 CA.pem PROXY_HOST:PORT OUTPUT_FOLDER" >&2
  exit 3
fi
certificate=$1 proxy=$2 output=$3
templates=$(dirname "$0")

if grep -q "PRIVATE KEY" "$certificate"; then
  echo "$certificate holds a private key; give the certificate alone" >&2
  exit 3
fi
case $proxy in
  *[!A-Za-z0-9.:-]* | :* | *: | *:*:*) echo "$proxy is not an address of the form host:port" >&2; exit 3 ;;
  *:*) ;;
  *) echo "$proxy is not an address of the form host:port" >&2; exit 3 ;;
esac

der=$(openssl x509 -in "$certificate" -outform DER | openssl base64 -A)
fingerprint=$(openssl x509 -in "$certificate" -noout -fingerprint -sha256 | cut -d= -f2)
digest=$(echo "$fingerprint" | tr -d :)

# An identifier for part $1: the same for the same certificate, so that a new profile replaces the old one.
identifier() {
  printf '%s%s' "$digest" "$1" | openssl dgst -sha256 -r | cut -c1-32 | tr a-f A-F |
    sed 's/^\(.\{8\}\)\(.\{4\}\).\(.\{3\}\).\(.\{3\}\)\(.\{12\}\)$/\1-\2-4\3-8\4-\5/'
}

fill() {
  mkdir -p "$output/$(dirname "$1")"
  sed -e "s|{{CA_DER_BASE64}}|$der|g" -e "s|{{CA_SHA256}}|$fingerprint|g" -e "s|{{PROXY}}|$proxy|g" \
    -e "s|{{PAC_URL}}|http://$proxy/proxy.pac|g" -e "s|{{UUID_PROFILE}}|$(identifier profile)|g" \
    -e "s|{{UUID_ROOT}}|$(identifier root)|g" -e "s|{{UUID_PROXY}}|$(identifier proxy)|g" \
    -e "s|{{UUID_CHROME}}|$(identifier chrome)|g" -e "s|{{UUID_EDGE}}|$(identifier edge)|g" \
    -e "s|{{UUID_FIREFOX}}|$(identifier firefox)|g" "$templates/$1" > "$output/$1"
}

for template in windows/Enrol-Lockgate.ps1 apple/lockgate.mobileconfig linux/enrol.sh firefox/policies.json chrome/managed.json; do
  fill "$template"
done
chmod 755 "$output/linux/enrol.sh"
cp "$certificate" "$output/lockgate-ca.pem"
echo "filled in for $proxy, certificate SHA-256 $fingerprint, in $output"

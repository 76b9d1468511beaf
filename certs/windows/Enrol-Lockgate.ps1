<#
.SYNOPSIS
  Makes this computer use the Lockgate gateway: trusted root, proxy setup script, browser policies, tool variables.
.DESCRIPTION
  Run as administrator or as system (Intune platform script, GPO start-up script). Running it again changes nothing.
  -Remove takes everything back.
#>
#Requires -RunAsAdministrator
param([switch]$Remove)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$CertificateBase64 = '{{CA_DER_BASE64}}'
$Sha256            = '{{CA_SHA256}}'.Replace(':', '')
$Proxy             = 'http://{{PROXY}}'
$PacUrl            = '{{PAC_URL}}'
$Folder            = Join-Path $env:ProgramData 'Lockgate'
$PemFile           = Join-Path $Folder 'lockgate-ca.pem'

$Certificate = [Security.Cryptography.X509Certificates.X509Certificate2]::new([Convert]::FromBase64String($CertificateBase64))
$Hasher = [Security.Cryptography.SHA256]::Create()
$Found = [BitConverter]::ToString($Hasher.ComputeHash($Certificate.RawData)).Replace('-', '')
if ($Found -ne $Sha256) { throw "The certificate in this script is not the expected one: $Found" }

# Machine-wide policies. QUIC would pass the proxy by; encrypted ClientHello would hide the server's name.
$BrowserPolicies = @{
  QuicAllowed                 = @('DWord', 0)
  EncryptedClientHelloEnabled = @('DWord', 0)
  ProxySettings               = @('String', "{`"ProxyMode`": `"pac_script`", `"ProxyPacUrl`": `"$PacUrl`", `"ProxyPacMandatory`": true}")
}
$BrowserKeys = 'HKLM:\SOFTWARE\Policies\Google\Chrome', 'HKLM:\SOFTWARE\Policies\Microsoft\Edge'
$FirefoxKey  = 'HKLM:\SOFTWARE\Policies\Mozilla\Firefox'
$SystemKey   = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\CurrentVersion\Internet Settings'
$InternetKey = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings'

# Variables that add to a tool's certificates. Those that replace them (SSL_CERT_FILE and its kind) need a bundle of all
# roots, which Windows does not keep as a file: see the gateway's portal, page "Terminals and developer tools".
$Variables = @{
  HTTPS_PROXY         = $Proxy
  HTTP_PROXY          = $Proxy
  NO_PROXY            = 'localhost,127.0.0.1,::1'
  NODE_EXTRA_CA_CERTS = $PemFile
  NODE_USE_ENV_PROXY  = '1'
}

function Set-Value([string]$Key, [string]$Name, [string]$Kind, $Value) {
  if (-not (Test-Path $Key)) { New-Item -Path $Key -Force | Out-Null }
  New-ItemProperty -Path $Key -Name $Name -PropertyType $Kind -Value $Value -Force | Out-Null
}

function Clear-Value([string]$Key, [string]$Name) {
  if (Test-Path $Key) { Remove-ItemProperty -Path $Key -Name $Name -ErrorAction SilentlyContinue }
}

$Store = [Security.Cryptography.X509Certificates.X509Store]::new('Root', 'LocalMachine')
$Store.Open('ReadWrite')
try {
  if ($Remove) { $Store.Remove($Certificate) } else { $Store.Add($Certificate) }
} finally {
  $Store.Close()
}

if ($Remove) {
  foreach ($Key in $BrowserKeys) { foreach ($Name in $BrowserPolicies.Keys) { Clear-Value $Key $Name } }
  Clear-Value "$FirefoxKey\Certificates" 'ImportEnterpriseRoots'
  foreach ($Name in 'Mode', 'AutoConfigURL', 'Locked') { Clear-Value "$FirefoxKey\Proxy" $Name }
  foreach ($Name in 'Enabled', 'Locked') { Clear-Value "$FirefoxKey\DNSOverHTTPS" $Name }
  Clear-Value $SystemKey 'ProxySettingsPerUser'
  Clear-Value $InternetKey 'AutoConfigURL'
  foreach ($Name in $Variables.Keys) { [Environment]::SetEnvironmentVariable($Name, $null, 'Machine') }
  if (Test-Path $PemFile) { Remove-Item $PemFile }
  Write-Output 'Lockgate was removed from this computer.'
  exit 0
}

New-Item -ItemType Directory -Path $Folder -Force | Out-Null
$Lines = [Convert]::ToBase64String($Certificate.RawData, 'InsertLineBreaks')
Set-Content -Path $PemFile -Encoding ascii -Value "-----BEGIN CERTIFICATE-----`n$Lines`n-----END CERTIFICATE-----"

foreach ($Key in $BrowserKeys) {
  foreach ($Name in $BrowserPolicies.Keys) { Set-Value $Key $Name $BrowserPolicies[$Name][0] $BrowserPolicies[$Name][1] }
}
Set-Value "$FirefoxKey\Certificates" 'ImportEnterpriseRoots' 'DWord' 1
Set-Value "$FirefoxKey\Proxy" 'Mode' 'String' 'autoConfig'
Set-Value "$FirefoxKey\Proxy" 'AutoConfigURL' 'String' $PacUrl
Set-Value "$FirefoxKey\Proxy" 'Locked' 'DWord' 1
Set-Value "$FirefoxKey\DNSOverHTTPS" 'Enabled' 'DWord' 0
Set-Value "$FirefoxKey\DNSOverHTTPS" 'Locked' 'DWord' 1
# One proxy setting for all users of this computer, for everything that reads the system's.
Set-Value $SystemKey 'ProxySettingsPerUser' 'DWord' 0
Set-Value $InternetKey 'AutoConfigURL' 'String' $PacUrl
foreach ($Name in $Variables.Keys) { [Environment]::SetEnvironmentVariable($Name, $Variables[$Name], 'Machine') }
Write-Output "This computer uses the gateway at $Proxy."

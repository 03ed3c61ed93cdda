#include "caf_pool/net/stream/tls_error.hpp"

#include "caf_pool/core/one_of.hpp"

#include <cstring>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <system_error>

namespace caf_pool {

namespace {

/// Alerts of the peer are this far above their number in the protocol.
constexpr int first_alert = SSL_AD_REASON_OFFSET;

constexpr int internal_alert = first_alert + SSL_AD_INTERNAL_ERROR;

/// The last error is the one of TLS; those before it tell its cause.
int tls_code() noexcept {
  auto code = ERR_peek_last_error();
  return ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
}

std::string text_of(unsigned long code) {
  if (ERR_SYSTEM_ERROR(code))
    return std::generic_category().message(ERR_GET_REASON(code));
  auto* text = ERR_reason_error_string(code);
  return text != nullptr ? text : "error " + std::to_string(code);
}

std::string certificate_advice(long verdict, const std::string& name) {
  switch (verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "it does not name \"" + name
             + "\"; connect by a name that it has, or set the server name to "
               "one";
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "renew it on the server, and check the clocks of both machines";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "check the clocks of both machines";
    default:
      return "name a file with the authority that issued it (CA file), if that "
             "is to be trusted";
  }
}

bool is_certificate_matter(int alert) noexcept {
  return one_of(alert - first_alert,
                {SSL_AD_HANDSHAKE_FAILURE, SSL_AD_NO_CERTIFICATE,
                 SSL_AD_BAD_CERTIFICATE, SSL_AD_UNSUPPORTED_CERTIFICATE,
                 SSL_AD_CERTIFICATE_REVOKED, SSL_AD_CERTIFICATE_EXPIRED,
                 SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNKNOWN_CA,
                 SSL_AD_ACCESS_DENIED, SSL_AD_CERTIFICATE_REQUIRED});
}

/// What a server says that was not asked in its own words.
bool is_no_tls(int code) noexcept {
  return one_of(code, {SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST,
                       SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_BAD_RECORD_TYPE,
                       SSL_R_UNEXPECTED_MESSAGE});
}

constexpr auto no_tls_advice
  = "; the server may not speak TLS at this port, or wants none";

} // namespace

std::string tls_reason() {
  std::string result;
  for (auto code = ERR_get_error(); code != 0; code = ERR_get_error()) {
    auto text = text_of(code);
    if (result.find(text) == std::string::npos)
      result += (result.empty() ? "" : ": ") + text;
  }
  return result;
}

bool tls_peer_refused() noexcept {
  return is_certificate_matter(tls_code());
}

std::string tls_refusal_advice(bool has_certificate) {
  return has_certificate
           ? "the server does not accept this client's certificate; check that "
             "an authority issued it that the server trusts, and that it has "
             "not expired"
           : "the server wants a client certificate; set one with its key, or "
             "have the server ask for none";
}

error tls_handshake_error(const ssl_st* ssl, const std::string& expected_name,
                          bool has_certificate, int system_error) {
  auto code = tls_code();
  auto verdict = SSL_get_verify_result(ssl);
  if (code == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    ERR_clear_error();
    return {errc::open_refused,
            std::string{"the certificate of the server is not trusted: "}
              + X509_verify_cert_error_string(verdict) + "; "
              + certificate_advice(verdict, expected_name),
            {}};
  }
  auto text = "negotiating TLS: " + tls_reason();
  if (is_certificate_matter(code))
    return {errc::open_refused,
            text + "; " + tls_refusal_advice(has_certificate),
            {}};
  if (is_no_tls(code))
    return {errc::open_failed, text + no_tls_advice, {}};
  if (one_of(code, {SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_NO_PROTOCOLS_AVAILABLE})
      || code == first_alert + SSL_AD_PROTOCOL_VERSION)
    return {
      errc::open_refused, text + "; both sides need TLS 1.2 or later", {}};
  if (code > first_alert && code != internal_alert)
    return {errc::open_refused, text, {}};
  if (system_error != 0)
    text = "negotiating TLS: " + std::generic_category().message(system_error);
  else if (code == 0 || code == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    text = "negotiating TLS: the server ended the connection";
  return {errc::open_failed, text + no_tls_advice, {}};
}

} // namespace caf_pool

#include "caf_pool/net/stream/tls_context.hpp"

#include "caf_pool/net/stream/tls_error.hpp"

#include <arpa/inet.h>

#include <array>
#include <new>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string_view>
#include <utility>

namespace caf_pool {

namespace {

/// Servers whose sessions are kept.
constexpr std::size_t max_sessions = 64;

bool is_numeric(const std::string& host) {
  std::array<unsigned char, 16> buf;
  return ::inet_pton(AF_INET, host.c_str(), buf.data()) == 1
         || ::inet_pton(AF_INET6, host.c_str(), buf.data()) == 1;
}

error file_error(std::string_view what, const std::string& file,
                 const std::string& why) {
  return {
    errc::config_invalid, std::string{what} + " \"" + file + "\": " + why, {}};
}

/// OpenSSL would ask at the terminal otherwise.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

/// Sets what the server is asked for, and what its certificate must name.
bool set_name(SSL& raw, const std::string& name, bool verify) {
  if (is_numeric(name))
    return !verify
           || X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(&raw), name.c_str())
                == 1;
  SSL_set_hostflags(&raw, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  auto asked
    = SSL_ctrl(&raw, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               const_cast<char*>(name.c_str()));
  return asked == 1 && (!verify || SSL_set1_host(&raw, name.c_str()) == 1);
}

} // namespace

void tls_deleter::operator()(ssl_ctx_st* raw) const noexcept {
  SSL_CTX_free(raw);
}

void tls_deleter::operator()(ssl_session_st* raw) const noexcept {
  SSL_SESSION_free(raw);
}

void tls_deleter::operator()(ssl_st* raw) const noexcept {
  // OpenSSL takes a session for spoilt if its connection ends without this.
  SSL_set_shutdown(raw, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(raw);
}

tls_context::tls_context(const tls_settings& what) : settings_(what) {
  // nop
}

tls_context::~tls_context() = default;

result<std::shared_ptr<tls_context>> tls_context::make(
  const tls_settings& what) {
  auto self = std::shared_ptr<tls_context>{new tls_context{what}};
  if (auto loaded = self->load(); !loaded)
    return loaded.error();
  return self;
}

result<void> tls_context::load() {
  ERR_clear_error();
  raw_.reset(SSL_CTX_new(TLS_client_method()));
  auto* raw = raw_.get();
  if (raw == nullptr || SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) != 1)
    return error{errc::internal, "OpenSSL: " + tls_reason(), {}};
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE);
  // One call of the system for a whole record, not one for its head as well.
  SSL_CTX_set_read_ahead(raw, 1);
  SSL_CTX_set_verify(raw, settings_.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                     nullptr);
  SSL_CTX_set_app_data(raw, this);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_CLIENT
                                        | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(raw, &tls_context::keep_session);
  if (auto loaded = load_authorities(); !loaded)
    return loaded;
  return load_certificate();
}

result<void> tls_context::load_authorities() {
  if (!settings_.verify && settings_.ca_file.empty())
    return {};
  if (settings_.ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(raw_.get()) != 1)
      return error{errc::config_invalid,
                   "cannot read the system's authorities: " + tls_reason(),
                   {}};
    return {};
  }
  if (SSL_CTX_load_verify_file(raw_.get(), settings_.ca_file.c_str()) != 1)
    return file_error("CA file", settings_.ca_file, tls_reason());
  return {};
}

result<void> tls_context::load_certificate() {
  auto& cert = settings_.cert_file;
  auto& key = settings_.key_file.empty() ? cert : settings_.key_file;
  if (cert.empty() && key.empty())
    return {};
  if (cert.empty())
    return file_error("key file", key, "there is no certificate file for it");
  auto* raw = raw_.get();
  if (SSL_CTX_use_certificate_chain_file(raw, cert.c_str()) != 1)
    return file_error("certificate file", cert, tls_reason());
  auto asked = false;
  SSL_CTX_set_default_passwd_cb(raw, no_passphrase);
  SSL_CTX_set_default_passwd_cb_userdata(raw, &asked);
  auto ok = SSL_CTX_use_PrivateKey_file(raw, key.c_str(), SSL_FILETYPE_PEM) == 1
            && SSL_CTX_check_private_key(raw) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(raw, nullptr);
  auto why = tls_reason();
  if (asked)
    why
      = "it is encrypted; decrypt it (openssl pkey -in FILE -out FILE2) and "
        "guard it by its permissions";
  if (!ok)
    return file_error("key file", key, why);
  return {};
}

result<tls_handle> tls_context::make_handle(const std::string& host,
                                            const std::string& key) {
  auto& name = name_for(host);
  if (settings_.verify && name.empty())
    return error{errc::open_refused,
                 "there is no name that the certificate of the server must "
                 "have; set the server name",
                 {}};
  ERR_clear_error();
  tls_handle result{SSL_new(raw_.get())};
  if (!result)
    throw std::bad_alloc{};
  auto& raw = *result;
  // The callback of OpenSSL hands it out as it is, and changes nothing.
  SSL_set_app_data(&raw, const_cast<std::string*>(&key));
  if (!name.empty() && !set_name(raw, name, settings_.verify))
    return error{errc::open_refused,
                 "\"" + name + "\" is no name for TLS: " + tls_reason(),
                 {}};
  offer_session(raw, key);
  return result;
}

void tls_context::offer_session(ssl_st& raw, const std::string& key) {
  std::lock_guard guard{mtx_};
  auto i = sessions_.find(key);
  if (i == sessions_.end())
    return;
  if (SSL_SESSION_is_resumable(i->second.get()) == 1)
    SSL_set_session(&raw, i->second.get());
  else
    sessions_.erase(i);
}

void tls_context::forget(const std::string& key) {
  std::lock_guard guard{mtx_};
  sessions_.erase(key);
}

/// Called by OpenSSL for each session that a server offers; takes it.
int tls_context::keep_session(ssl_st* raw, ssl_session_st* session) {
  auto* self
    = static_cast<tls_context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(raw)));
  auto* key = static_cast<const std::string*>(SSL_get_app_data(raw));
  auto owner = session_ptr{session};
  try {
    std::lock_guard guard{self->mtx_};
    if (self->sessions_.size() >= max_sessions
        && !self->sessions_.contains(*key))
      self->sessions_.clear();
    self->sessions_[*key] = std::move(owner);
  } catch (const std::bad_alloc&) {
    // The next handshake is a whole one.
  }
  return 1;
}

} // namespace caf_pool

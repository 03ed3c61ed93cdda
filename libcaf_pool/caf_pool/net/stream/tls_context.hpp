#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/net/stream/stream_options.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>

struct ssl_ctx_st;
struct ssl_session_st;
struct ssl_st;

namespace caf_pool {

struct tls_deleter {
  void operator()(ssl_ctx_st* raw) const noexcept;
  void operator()(ssl_session_st* raw) const noexcept;
  void operator()(ssl_st* raw) const noexcept;
};

using tls_handle = std::unique_ptr<ssl_st, tls_deleter>;

/// What all TLS streams of a backend share: the certificates, read once, and
/// the last session with each server, which makes the next handshake with it
/// cheaper. Versions below TLS 1.2 are not spoken.
///
/// Thread-safety: any thread at any time.
class tls_context {
public:
  /// Returns `config_invalid`, naming the file and what is wrong with it.
  static result<std::shared_ptr<tls_context>> make(const tls_settings& what);

  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;
  ~tls_context();

  const tls_settings& settings() const noexcept {
    return settings_;
  }

  bool has_certificate() const noexcept {
    return !settings_.cert_file.empty();
  }

  /// The name that the certificate of a server at `host` must have.
  const std::string& name_for(const std::string& host) const noexcept {
    return settings_.server_name.empty() ? host : settings_.server_name;
  }

  /// Makes the client's side of a connection to a server at `host`. `key` says
  /// which server that is, for the sessions, and must outlive the result.
  ///
  /// Returns `open_refused` if there is no name to verify.
  result<tls_handle> make_handle(const std::string& host,
                                 const std::string& key);

  /// Forgets the session with a server.
  void forget(const std::string& key);

private:
  using session_ptr = std::unique_ptr<ssl_session_st, tls_deleter>;

  explicit tls_context(const tls_settings& what);

  result<void> load();
  result<void> load_authorities();
  result<void> load_certificate();
  void offer_session(ssl_st& raw, const std::string& key);
  static int keep_session(ssl_st* raw, ssl_session_st* session);

  tls_settings settings_;
  std::unique_ptr<ssl_ctx_st, tls_deleter> raw_;
  std::mutex mtx_;
  std::map<std::string, session_ptr> sessions_;
};

} // namespace caf_pool
